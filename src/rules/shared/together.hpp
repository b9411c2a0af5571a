#pragma once

#include <memory>
#include <vector>

#include "sluice/config.hpp"
#include "sluice/rule.hpp"

namespace sluice::rules {

/// Throws ConfigError where rules of one stream cannot be served by one change stream: the server is asked
/// for the full document in one way only, and what one rule keeps from leaving the server another cannot
/// read. `rules` are those of the configuration, in its order.
void check_together(const StreamConfig& stream, const std::vector<std::unique_ptr<Rule>>& rules);

}  // namespace sluice::rules
