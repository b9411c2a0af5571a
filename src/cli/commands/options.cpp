#include <ostream>

#include "cli/commands.hpp"
#include "sluice/error.hpp"

namespace sluice::cli {

int options_command(const Arguments& arguments, std::ostream& out, std::ostream&) {
  out << (arguments.own.contains("markdown") ? config::options_markdown() : config::options_text());
  return exit_code::ok;
}

}  // namespace sluice::cli
