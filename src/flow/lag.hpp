#pragma once

#include <algorithm>
#include <optional>

#include "flow/time.hpp"

namespace sluice::flow {

/// How far a stream is behind its server's own clock, in seconds. The server tells its cluster time with
/// every answer and its wall clock when asked; in between, its clock is the last one known and what has
/// passed since. So the lag behind a server that has fallen silent grows. Times of the server are seconds
/// since the epoch.
class Lag {
 public:
  /// `hold`: how long the server may take over an answer when it has nothing to tell. Only a silence longer
  /// than that says that a stream which had read everything may have something left to read.
  explicit Lag(Duration hold) : hold_(hold) {}

  void wall_clock(Time at, double seconds) { wall_ = {at, seconds}; }
  void cluster_clock(Time at, double seconds) { cluster_ = {at, seconds}; }

  /// The newest position below which everything is done, and, when that is all there is, the time of the
  /// answer that said so.
  void reached(double position, std::optional<Time> caught_up_at) {
    position_ = position;
    caught_up_at_ = caught_up_at;
  }

  /// The server's clock; nothing before it was told.
  std::optional<double> server_now(Time now) const {
    if (!wall_ && !cluster_) return std::nullopt;
    // The cluster time stands still while nobody writes, and may run ahead of one server's wall clock.
    return std::max(wall_ ? wall_->at(now) : 0, cluster_ ? cluster_->at(now) : 0);
  }

  /// 0 when caught up, and while nothing is known yet.
  double seconds(Time now) const {
    if (caught_up_at_) {
      const Duration silent = now - *caught_up_at_;
      return silent <= hold_ ? 0 : std::chrono::duration<double>(silent).count();
    }
    const auto clock = server_now(now);
    return clock && position_ ? std::max(0.0, *clock - *position_) : 0;
  }

 private:
  struct Reading {
    Time read_at;
    double seconds;
    double at(Time now) const { return seconds + std::chrono::duration<double>(now - read_at).count(); }
  };

  Duration hold_;
  std::optional<Reading> wall_;
  std::optional<Reading> cluster_;
  std::optional<double> position_;
  std::optional<Time> caught_up_at_;
};

}  // namespace sluice::flow
