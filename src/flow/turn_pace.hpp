#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>

#include "flow/time.hpp"

namespace sluice::flow {

/// Decides how soon after one transaction of a line of lanes the next one may begin. Usually at once. In a
/// storm (many events in a short time), and while other processes write to the same documents, transactions
/// are kept apart: fewer ones, with more events each, save much of the server's time.
class TurnPace {
 public:
  /// With so many events in a transaction, at so many a second, it is a storm.
  static constexpr std::size_t storm_events = 64;
  static constexpr double storm_rate = 2000;
  /// The pace after a conflict doubles with each conflict between these limits, and decays with each success.
  static constexpr Duration least_conflict = std::chrono::milliseconds(25);
  static constexpr Duration most_conflict = std::chrono::milliseconds(400);
  static constexpr double decay = 0.9;

  /// The longest time that a storm alone keeps transactions apart.
  static constexpr Duration most_in_storm = std::chrono::milliseconds(400);
  /// While other processes write to the same documents, lanes wait for this part of their events'
  /// lateness, and at most so long.
  static constexpr int part_of_lateness = 2;
  static constexpr Duration most_late = std::chrono::milliseconds(1000);
  /// After a conflict so many transactions assume that others write to the same documents.
  static constexpr int contended_after_conflict = 20;

  /// `storm_pace`: the time from one transaction to the next in a storm; at most most_in_storm.
  explicit TurnPace(Duration storm_pace) : storm_pace_(std::min(storm_pace, most_in_storm)) {}

  /// What there is to know of the transaction that waits.
  struct Waiting {
    bool full = false;     ///< waiting would not make it larger
    bool crowded = false;  ///< there is little room left for events that are read meanwhile
    Duration lateness{0};  ///< of its events
  };

  /// The next transaction may begin at this time.
  Time next(const Waiting& waiting) const {
    return last_ + std::max(in_storm_ && !waiting.full ? pace_in_storm(waiting) : Duration(0), conflict_);
  }

  void begins(std::size_t events, Time now) {
    const double seconds = std::chrono::duration<double>(now - last_).count();
    in_storm_ = events >= storm_events && static_cast<double>(events) >= storm_rate * seconds;
    last_ = now;
  }

  void ended(bool conflict) {
    if (conflict) {
      contended_ = contended_after_conflict;
      conflict_ = std::clamp(2 * conflict_, least_conflict, most_conflict);
    } else {
      if (contended_ > 0) --contended_;
      conflict_ = std::chrono::duration_cast<Duration>(conflict_ * decay);
      if (conflict_ < least_conflict / 4) conflict_ = Duration(0);
    }
  }

 private:
  Duration pace_in_storm(const Waiting& waiting) const {
    if (waiting.crowded || contended_ == 0) return storm_pace_;
    return std::max(storm_pace_, std::min(waiting.lateness / part_of_lateness, most_late));
  }

  Duration storm_pace_;
  Duration conflict_{0};
  Time last_{};
  bool in_storm_ = false;
  int contended_ = 0;  ///< so many more transactions
};

}  // namespace sluice::flow
