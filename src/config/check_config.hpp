#pragma once

#include "sluice/config.hpp"

namespace sluice::config {

/// Checks a configuration that was made in code for what a loaded one is checked for: names, URIs, and the
/// limits of the engine. Throws ConfigError with all problems. What rules state is not looked at here.
void check_config(const Config& config);

}  // namespace sluice::config
