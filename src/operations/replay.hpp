#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "sluice/config.hpp"

namespace sluice::operations {

/// Selects stored events. An absent criterion matches all.
struct ReplayFilter {
  std::optional<std::string> aggregate;  ///< its id: a JSON value, or else plain text
  std::optional<std::int64_t> since_ms;  ///< changed then or later, in milliseconds since the epoch
  std::optional<std::int64_t> until_ms;  ///< changed before then
};

/// Which stored events to pass to which rule. The two rules may be in different streams of one database.
struct ReplayPlan {
  const StreamConfig* from = nullptr;
  std::string store;  ///< an event_store rule of `from`
  const StreamConfig* to = nullptr;
  std::string rule;  ///< the rule of `to` that gets the events
  ReplayFilter filter;
  /// Part of all message ids (`<id>-<run>`), so that receivers treat the messages of each run as new.
  std::string run;
  bool dry_run = false;
};

struct Replayed {
  std::int64_t events = 0;   ///< events found
  std::int64_t effects = 0;  ///< effects carried out, or counted in a dry run
  std::int64_t refused = 0;  ///< effects that cannot be carried out; each was reported
};

/// Passes stored events to a rule as if they happened again, in the order of their cluster times, those of
/// one transaction by their numbers. Messages are sent at least once, under ids of this run. Documents are
/// written under the same ids as before, so a repetition changes nothing. Throws ConfigError for a rule that
/// maintains counters or copies, since it would count twice. Calls `refused` for each effect that cannot be
/// carried out. Throws Stop if a server does not answer. Blocks.
Replayed replay(const Config& config, const ReplayPlan& plan,
                const std::function<void(const std::string&)>& refused);

}  // namespace sluice::operations
