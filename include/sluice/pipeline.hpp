#pragma once

#include "sluice/config.hpp"

namespace sluice {

/// Runs a worker until SIGTERM or SIGINT, or until something ends it that no retry can mend. Blocks; takes
/// the two signals for itself; returns the process's exit code (sluice/error.hpp). Errors of the
/// configuration that show only now are thrown as ConfigError; everything else is logged and told by the
/// code.
int run_worker(const Config& config);

}  // namespace sluice
