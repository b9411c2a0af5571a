#include <ostream>

#include "cli/commands.hpp"
#include "config/load.hpp"
#include "rules/registry.hpp"
#include "sluice/error.hpp"

namespace sluice::cli {
namespace {

std::string counted(std::size_t count, const std::string& what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

}  // namespace

int check_command(const Arguments& arguments, std::ostream& out, std::ostream&) {
  const Config config = config::load(arguments.file, arguments.flags, config::process_environment());
  std::size_t rules = 0;
  for (const auto& stream : config.streams) rules += rules::make_rules(stream).size();
  out << arguments.file << ": good: pipeline " << config.pipeline << ", "
      << counted(config.streams.size(), "stream") << ", " << counted(rules, "rule") << "\n";
  return exit_code::ok;
}

}  // namespace sluice::cli
