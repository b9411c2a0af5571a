#pragma once

#include <chrono>
#include <cstddef>
#include <optional>

#include "flow/time.hpp"

namespace sluice::flow {

struct GatherLimits {
  std::size_t events = 1000;
  std::size_t bytes = 4u << 20;
  Duration linger{0};  ///< how long a batch may wait for more events; 0: never
};

/// Decides when a reader hands on the events that it has gathered out of a log. Large batches make few
/// transactions. But a single event must not wait, so a batch waits for more only while the log is busy: the
/// batch before it was large, and not long ago.
class Gathering {
 public:
  /// Of so many events, a batch counts as large.
  static constexpr std::size_t large_batch = 16;
  /// How long the log counts as busy after a large batch.
  static constexpr Duration busy_for = std::chrono::milliseconds(200);

  explicit Gathering(GatherLimits limits) : limits_(limits) {}

  /// The batch has so many events and bytes now. Returns until when to wait for more; absent: it is complete,
  /// and the next call is about another batch.
  std::optional<Time> gathered(std::size_t events, std::size_t bytes, Time now) {
    if (!first_ && events > 0) first_ = now;
    const Time until = first_.value_or(now) + limits_.linger;
    const bool full = events >= limits_.events || bytes >= limits_.bytes;
    if (first_ && !full && now < busy_until_ && now < until) return until;
    if (events > 0) busy_until_ = events >= large_batch ? now + busy_for : now;
    first_.reset();
    return std::nullopt;
  }

 private:
  const GatherLimits limits_;
  std::optional<Time> first_;  ///< when the batch's first events came
  Time busy_until_{};
};

}  // namespace sluice::flow
