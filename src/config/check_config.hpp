#pragma once

#include "sluice/config.hpp"

namespace sluice::config {

/// Makes the same checks on a configuration made in code as on a loaded one: names, URIs and the engine's
/// limits. Throws ConfigError with all problems. The settings of rules are not checked here.
void check_config(const Config& config);

}  // namespace sluice::config
