#include "cli/commands.hpp"
#include "config/load.hpp"
#include "sluice/pipeline.hpp"

namespace sluice::cli {

int run_command(const Arguments& arguments, std::ostream&, std::ostream&) {
  return run_worker(config::load(arguments.file, arguments.flags, config::process_environment()));
}

}  // namespace sluice::cli
