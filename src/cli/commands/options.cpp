#include <ostream>

#include "cli/commands.hpp"
#include "sluice/error.hpp"
#include "sluice/extensions.hpp"

namespace sluice::cli {

int options_command(const Arguments& arguments, std::ostream& out, std::ostream&) {
  out << (arguments.own.contains("markdown") ? config::options_markdown() : config::options_text());
  const std::string more = arguments.extensions ? arguments.extensions->help() : "";
  if (!more.empty()) out << "\nRules and sinks of this program:\n" << more;
  return exit_code::ok;
}

}  // namespace sluice::cli
