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

  static constexpr Duration most_in_storm = std::chrono::milliseconds(400);

  /// `storm`: the time from one transaction to the next in a storm; at most most_in_storm.
  explicit TurnPace(Duration storm) : storm_(std::min(storm, most_in_storm)) {}

  /// The next transaction may begin at this time. `full`: waiting would not make it larger.
  Time next(bool full) const {
    return last_ + std::max(in_storm_ && !full ? storm_ : Duration(0), conflict_);
  }

  void begins(std::size_t events, Time now) {
    const double seconds = std::chrono::duration<double>(now - last_).count();
    in_storm_ = events >= storm_events && static_cast<double>(events) >= storm_rate * seconds;
    last_ = now;
  }

  void ended(bool conflict) {
    if (conflict) {
      conflict_ = std::clamp(2 * conflict_, least_conflict, most_conflict);
    } else {
      conflict_ = std::chrono::duration_cast<Duration>(conflict_ * decay);
      if (conflict_ < least_conflict / 4) conflict_ = Duration(0);
    }
  }

 private:
  Duration storm_;
  Duration conflict_{0};
  Time last_{};
  bool in_storm_ = false;
};

}  // namespace sluice::flow
