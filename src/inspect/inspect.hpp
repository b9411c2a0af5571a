#pragma once

#include <functional>

#include "inspect/finding.hpp"
#include "sluice/config.hpp"

namespace sluice::inspect {

/// Checks for each stream whether a worker could run on its server, and run well: log-in, replica set,
/// rights, stored position, collections, pre-images, indexes, and the servers that its rules send to. Changes
/// nothing. Calls `report` with each finding. Blocks. Throws ConfigError for unusable rules and Stop for an
/// unusable URI.
void inspect(const Config& config, const std::function<void(const Finding&)>& report);

}  // namespace sluice::inspect
