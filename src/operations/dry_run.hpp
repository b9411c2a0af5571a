#pragma once

#include <string>
#include <vector>

#include "sluice/config.hpp"
#include "sluice/rule.hpp"

namespace sluice::operations {

/// What a rule would do with an event.
struct DryRun {
  std::vector<std::string> effects;  ///< one text each, of several lines
  std::string why_none;              ///< a sentence, where there is no effect
};

/// Asks a rule about one change event, given as (Extended) JSON, and carries nothing out. What of the event
/// is not stated (its token, its times, its database, the key of its document) is made up. The server is
/// asked only where it has a say in what the rule sees. Throws ConfigError for an event that is none, and
/// Stop for a server that is needed and does not answer.
DryRun try_rule(const StreamConfig& stream, const std::string& rule, const std::string& event_json);

}  // namespace sluice::operations
