#pragma once

#include <memory>
#include <vector>

#include "sluice/config.hpp"
#include "sluice/rule.hpp"

namespace sluice::rules {

/// Throws ConfigError if one change stream cannot serve all rules of a stream: the server is asked for full
/// documents in only one mode, and a field that one rule keeps from leaving the server cannot be read by
/// another. `rules`: those of the configuration, in its order.
void check_together(const StreamConfig& stream, const std::vector<std::unique_ptr<Rule>>& rules);

}  // namespace sluice::rules
