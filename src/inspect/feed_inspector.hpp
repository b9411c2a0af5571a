#pragma once

#include <functional>

#include "inspect/finding.hpp"
#include "sluice/config.hpp"

namespace sluice::inspect {

/// Checks whether this machine can offer its change stream to the other instances of a cluster: whether the
/// port is free, and whether the address that the others are told leads to it. Says nothing if instances
/// share none. Blocks.
void look_at_feed(const Config& config, const std::function<void(const Finding&)>& report);

}  // namespace sluice::inspect
