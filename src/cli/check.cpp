#include <fmt/format.h>

#include <algorithm>
#include <ostream>

#include "cli/commands.hpp"
#include "cli/load_config.hpp"
#include "mongo/client.hpp"
#include "mongo/quiet.hpp"
#include "observe/printable.hpp"
#include "pipeline/inspect.hpp"
#include "rules/registry.hpp"
#include "sluice/error.hpp"

namespace sluice::cli {
namespace {

std::string counted(std::size_t count, const std::string& what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

/// A line for each finding, as it is made: a server that is slow to answer must not look like a hang.
int inspect_online(const Config& config, std::ostream& out) {
  auto worst = pipeline::Level::ok;
  const auto report = [&](const pipeline::Finding& finding) {
    worst = std::max(worst, finding.level);
    const std::string text = finding.subject + ": " + finding.message;
    out << fmt::format("{:<7}  {}", pipeline::word_of(finding.level), observe::printable(text))
        << std::endl;
  };
  pipeline::inspect(config, report);
  if (worst == pipeline::Level::unreachable) return exit_code::cannot_start;
  return worst == pipeline::Level::error ? exit_code::bad_configuration : exit_code::ok;
}

}  // namespace

int check_command(const Arguments& arguments, std::ostream& out, std::ostream&) {
  const Config config = load_config(arguments);
  mongo::quiet_driver();
  std::size_t rules = 0;
  for (const auto& stream : config.streams) {
    rules += rules::make_rules(stream, config.parts()).size();
    if (stream.uri_file.empty()) mongo::check_uri(stream.uri);
  }
  out << arguments.file << ": good: pipeline " << config.pipeline << ", "
      << counted(config.streams.size(), "stream") << ", " << counted(rules, "rule") << "\n";
  return arguments.own.contains("online") ? inspect_online(config, out) : exit_code::ok;
}

}  // namespace sluice::cli
