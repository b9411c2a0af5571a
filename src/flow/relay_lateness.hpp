#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>

#include "flow/time.hpp"

namespace sluice::flow {

/// How far a relay's log is behind the database, and whether its writer counts as slow. One thread reports;
/// behind() may be called on any thread.
class RelayLateness {
 public:
  static constexpr double slow_after_s = 10;
  static constexpr double fine_below_s = 5;

  /// This instance begins to write. Until something is reported, the log counts as complete up to here.
  void begin(Time now) { complete(now, false); }
  /// All that there was at `now` is in the log.
  void caught_up(Time now) { complete(now, true); }
  /// The log ends `behind_s` seconds before the database's time at `now`.
  void reached(Time now, double behind_s) {
    complete(now - std::chrono::duration_cast<Duration>(std::chrono::duration<double>(behind_s)), false);
  }
  void end() { writes_ = false; }

  /// Seconds; 0 after caught_up() until nothing was reported for longer than the database waits for an event.
  double behind(Time now) const {
    if (!writes_) return 0;
    const double age = std::chrono::duration<double>(now.time_since_epoch()).count() - complete_to_s_;
    return caught_up_ && age < usual_silence_s ? 0 : std::max(0.0, age);
  }

  /// Slow from `slow_after_s` seconds on, until it is less than `fine_below_s` behind.
  bool slow(Time now) {
    const double late = behind(now);
    slow_ = slow_ ? late >= fine_below_s : late >= slow_after_s;
    return slow_;
  }

 private:
  static constexpr double usual_silence_s = 3;

  void complete(Time to, bool all) {
    complete_to_s_ = std::chrono::duration<double>(to.time_since_epoch()).count();
    caught_up_ = all;
    writes_ = true;
  }

  std::atomic<double> complete_to_s_{0};
  std::atomic<bool> caught_up_{false};
  std::atomic<bool> writes_{false};
  bool slow_ = false;
};

}  // namespace sluice::flow
