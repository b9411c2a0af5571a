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
  /// While other processes write to the same documents, lanes wait for this part of the time that they are
  /// behind, and at most so long.
  static constexpr int part_of_lateness = 2;
  static constexpr Duration most_behind = std::chrono::milliseconds(1000);
  /// After a conflict so many transactions assume that others write to the same documents.
  static constexpr int contended_after_conflict = 20;

  /// `storm`: the time from one transaction to the next in a storm; at most most_in_storm.
  explicit TurnPace(Duration storm) : storm_(std::min(storm, most_in_storm)) {}

  /// What there is to know of the transaction that waits.
  struct Waiting {
    bool full = false;     ///< waiting would not make it larger
    bool crowded = false;  ///< there is little room left for events that are read meanwhile
    Duration behind{0};    ///< how late its events are
  };

  /// The next transaction may begin at this time.
  Time next(const Waiting& waiting) const {
    return last_ + std::max(in_storm_ && !waiting.full ? storm(waiting) : Duration(0), conflict_);
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
  Duration storm(const Waiting& waiting) const {
    if (waiting.crowded || contended_ == 0) return storm_;
    return std::max(storm_, std::min(waiting.behind / part_of_lateness, most_behind));
  }

  Duration storm_;
  Duration conflict_{0};
  Time last_{};
  bool in_storm_ = false;
  int contended_ = 0;  ///< so many more transactions
};

}  // namespace sluice::flow
