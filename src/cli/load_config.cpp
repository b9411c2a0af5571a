#include "cli/load_config.hpp"

#include "config/load.hpp"
#include "rules/apart.hpp"

namespace sluice::cli {

Config load_config(const Arguments& arguments) {
  return rules::with_callers_apart(
      config::load(arguments.file, arguments.flags, config::process_environment()));
}

}  // namespace sluice::cli
