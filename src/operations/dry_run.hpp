#pragma once

#include <string>
#include <vector>

#include "sluice/config.hpp"
#include "sluice/rule.hpp"

namespace sluice::operations {

/// The effects that a rule would have for an event.
struct DryRun {
  std::vector<std::string> effects;  ///< a text for each effect; it may have several lines
  std::string why_none;              ///< a sentence to show if there is no effect
};

/// Applies a rule to one change event, given as (Extended) JSON, without carrying out its effects. Missing
/// parts of the event (token, times, database, document key) are filled in. The server is queried only if the
/// rule has expressions that it evaluates. Throws ConfigError for an invalid event, and Stop if the server is
/// needed and does not answer. Blocks.
DryRun try_rule(const StreamConfig& stream, const std::string& rule, const std::string& event_json);

}  // namespace sluice::operations
