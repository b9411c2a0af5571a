#pragma once

#include <vector>

#include "sluice/config.hpp"

namespace sluice::operations {

/// Throws ConfigError if two of the streams would write to the same log of a relay, or if a rule publishes to
/// one. `streams` are those that run (rules::with_callers_apart). Rules that cannot be used are
/// left out.
void check_relay_streams(const RelayConfig& relay, const std::vector<StreamConfig>& streams);

}  // namespace sluice::operations
