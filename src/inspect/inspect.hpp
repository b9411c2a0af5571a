#pragma once

#include <functional>

#include "inspect/finding.hpp"
#include "sluice/config.hpp"

namespace sluice::inspect {

/// Asks the server of each stream whether a worker could run on it, and run well: log-in, replica set,
/// rights, stored position, collections, pre-images, indexes. Changes nothing. `report` is called with each
/// finding as it is made. Throws ConfigError for rules that cannot be used, and Stop for a URI that cannot.
void inspect(const Config& config, const std::function<void(const Finding&)>& report);

}  // namespace sluice::inspect
