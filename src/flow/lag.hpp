#pragma once

#include <algorithm>
#include <optional>

#include "flow/time.hpp"

namespace sluice::flow {

/// How far a stream is behind its server's clock, in seconds. The server sends its cluster time with every
/// answer, and its wall clock when asked. Between answers the clock is extrapolated: the last one known plus
/// the time since. So the lag also grows when the server is silent. All server times are seconds since the
/// epoch.
class Lag {
 public:
  /// `hold`: how long the server may hold back an answer when it has nothing to send. Only a longer silence
  /// means that a stream which had read everything may have more to read.
  explicit Lag(Duration hold) : hold_(hold) {}

  void wall_clock(Time at, double seconds) { wall_ = {at, seconds}; }
  void cluster_clock(Time at, double seconds) { cluster_ = {at, seconds}; }

  /// `position`: the newest position below which everything is done. `caught_up_at`: if that is everything
  /// there was to read, the time of the answer that said so.
  void reached(double position, std::optional<Time> caught_up_at) {
    position_ = position;
    caught_up_at_ = caught_up_at;
  }

  /// The server's clock; nullopt until one of its times is known.
  std::optional<double> server_now(Time now) const {
    if (!wall_ && !cluster_) return std::nullopt;
    // The cluster time does not advance while nobody writes, and may be ahead of one server's wall clock.
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
