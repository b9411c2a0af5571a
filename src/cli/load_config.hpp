#pragma once

#include "cli/arguments.hpp"
#include "sluice/config.hpp"

namespace sluice::cli {

/// Loads the configuration from the file, the environment and the flags, and adds the program's extensions.
/// Streams and rules are as in the file. Throws ConfigError.
Config load_stated(const Arguments& arguments);

/// The same, with the streams that a worker runs: rules that need streams of their own are moved to them.
/// Throws ConfigError.
Config load_config(const Arguments& arguments);

/// The same, with the triggers in the state database; those that cannot be made into rules are left out.
/// Throws ConfigError, and Stop if a server does not answer. Blocks.
Config load_config_with_triggers(const Arguments& arguments);

}  // namespace sluice::cli
