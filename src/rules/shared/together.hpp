#pragma once

#include <memory>
#include <vector>

#include "sluice/config.hpp"
#include "sluice/rule.hpp"

namespace sluice::rules {

/// Throws ConfigError if one change stream cannot serve all rules of a stream. The server provides full
/// documents in one way only, and what one rule keeps from being sent, no other rule can read. `rules` are
/// those of the configuration, in its order.
void check_together(const StreamConfig& stream, const std::vector<std::unique_ptr<Rule>>& rules);

}  // namespace sluice::rules
