#include "cli/load_config.hpp"

#include "config/load.hpp"
#include "mongo/quiet.hpp"
#include "operations/triggers.hpp"
#include "rules/shared/apart.hpp"

namespace sluice::cli {

Config load_stated(const Arguments& arguments) {
  Config config = config::load(arguments.file, arguments.flags, config::process_environment());
  extend(config, arguments.extensions);
  return config;
}

Config load_config(const Arguments& arguments) {
  Config config = load_stated(arguments);
  config.streams = rules::with_callers_apart(std::move(config.streams));
  return config;
}

Config load_config_with_triggers(const Arguments& arguments) {
  mongo::quiet_driver();  // what it says of a server that does not answer would be part of the output
  Config config = load_stated(arguments);
  config.streams = rules::with_callers_apart(operations::with_kept_triggers(config));
  return config;
}

}  // namespace sluice::cli
