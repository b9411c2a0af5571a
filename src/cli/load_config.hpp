#pragma once

#include "cli/arguments.hpp"
#include "sluice/config.hpp"

namespace sluice::cli {

/// The configuration that the command line names, with the program's extensions, as the file states it.
/// Throws ConfigError.
Config load_stated(const Arguments& arguments);

/// The same as the worker runs it: rules that run in streams of their own are in them. Throws ConfigError.
Config load_config(const Arguments& arguments);

/// The same with the triggers that are kept in the state database; those that cannot be made into rules are
/// left out. Throws Stop, too, for a server that does not answer.
Config load_config_with_triggers(const Arguments& arguments);

}  // namespace sluice::cli
