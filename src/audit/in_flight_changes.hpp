#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "checkpoint/progress_snapshot.hpp"
#include "requirements/requirements.hpp"
#include "sinks/mongo/documents.hpp"
#include "sluice/arena.hpp"
#include "sluice/config.hpp"
#include "sluice/rule.hpp"

namespace sluice::audit {

/// The effects that the worker has not carried out yet for source writes up to some cluster time: those of
/// the events between its lanes' positions and that time. They distinguish targets that lag from targets that
/// are wrong.
class InFlightChanges {
 public:
  struct Delta {
    bson::Value id;
    std::int64_t sum = 0;
  };
  using Deltas = std::unordered_map<bson::Identity, Delta, sinks::IdentityHash>;

  /// Reads the stream from the floor of `progress` up to its time. Call it once.
  std::optional<Error> read(mongo::ClientPool& pool, const StreamConfig& stream,
                            const requirements::Rules& rules, const checkpoint::ProgressSnapshot& progress);

  /// What the pending events will add to the counters of a plan.
  const Deltas& counters(const CounterPlan& plan) const;
  /// Whether a pending event updates all copies of this source.
  bool will_refresh(const CopyPlan& plan, const bson::Value& source) const;
  /// Whether a pending event compares this target with its source.
  bool will_fill(const CopyPlan& plan, const bson::Value& target) const;

  /// The number of pending events.
  std::int64_t events() const { return events_; }

 private:
  class Judge;

  void add(const Effect& effect);

  Arena arena_;  ///< holds the ids
  std::unordered_map<const void*, Deltas> counters_;
  std::unordered_map<const void*, Deltas> refreshes_;
  std::unordered_map<const void*, Deltas> fills_;
  std::int64_t events_ = 0;
};

}  // namespace sluice::audit
