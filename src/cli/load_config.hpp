#pragma once

#include "cli/arguments.hpp"
#include "sluice/config.hpp"

namespace sluice::cli {

/// The configuration that the command line names, as the worker runs it. Throws ConfigError.
Config load_config(const Arguments& arguments);

}  // namespace sluice::cli
