#include "cli/commands.hpp"
#include "cli/load_config.hpp"
#include "sluice/pipeline.hpp"

namespace sluice::cli {

int run_command(const Arguments& arguments, std::ostream&, std::ostream&) {
  return run_worker(load_config(arguments));
}

}  // namespace sluice::cli
