#include <ostream>

#include "cli/commands.hpp"
#include "config/load.hpp"
#include "sluice/error.hpp"

namespace sluice::cli {

int config_command(const Arguments& arguments, std::ostream& out, std::ostream&) {
  const config::Loaded loaded =
      config::load_file(arguments.file, arguments.flags, config::process_environment());
  out << config::effective_text(loaded.effective);
  return exit_code::ok;
}

}  // namespace sluice::cli
