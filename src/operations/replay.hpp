#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "sluice/config.hpp"

namespace sluice::operations {

/// Which stored events are meant; what is not set does not matter.
struct ReplayFilter {
  std::optional<std::string> aggregate;  ///< a JSON value, or else a text
  std::optional<std::int64_t> since_ms;  ///< of the change, in milliseconds since the epoch
  std::optional<std::int64_t> until_ms;
};

/// From where to where. The rules may be in different streams of one database.
struct ReplayPlan {
  const StreamConfig* from = nullptr;
  std::string store;  ///< an event_store rule of `from`
  const StreamConfig* to = nullptr;
  std::string rule;  ///< the rule of `to` that acts
  ReplayFilter filter;
  /// Part of the ids of all messages (`<id>-<run>`): receivers take another run's messages for new ones.
  std::string run;
  bool dry_run = false;
};

struct Replayed {
  std::int64_t events = 0;   ///< found
  std::int64_t effects = 0;  ///< carried out
  std::int64_t refused = 0;  ///< impossible; each was told of
};

/// Hands stored events to a rule as if they happened once more: those of one aggregate by their numbers, all
/// others by their times. Messages go out at least once, under ids of this run; documents are written under
/// the ids that their events gave them before, so that a repetition changes nothing. A rule that keeps
/// counters or copies is refused (ConfigError): it would count twice. `refused` is told of each effect that
/// is impossible. Throws Stop where a server does not answer. Blocks.
Replayed replay(const Config& config, const ReplayPlan& plan,
                const std::function<void(const std::string&)>& refused);

}  // namespace sluice::operations
