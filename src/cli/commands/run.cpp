#include "cli/commands.hpp"
#include "config/watched_file.hpp"
#include "sluice/worker.hpp"

namespace sluice::cli {

int run_command(const Arguments& arguments, std::ostream&, std::ostream&) {
  config::WatchedFile file(arguments.file, arguments.flags, config::process_environment(),
                           arguments.extensions);
  return run_worker(file.config(), file);
}

}  // namespace sluice::cli
