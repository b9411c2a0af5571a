#pragma once

#include "sluice/config.hpp"

namespace sluice::rules {

/// Gives each rule that calls a server of its own pace a stream of its own, named `<stream>.<rule>`: with a
/// position, lanes and a queue of its own, so that a slow or dead endpoint holds up no other rule. Throws
/// ConfigError where that name is taken.
Config with_callers_apart(Config config);

}  // namespace sluice::rules
