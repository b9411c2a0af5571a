#pragma once

#include <algorithm>
#include <cstddef>

namespace sluice::flow {

/// How many messages of one order go out together. Each is taken only behind the one before it, so what
/// others publish in between has the rest of the flight refused: then the next flight is half as long, down
/// to one message at a time. A flight that comes through doubles it again.
class FlightSize {
 public:
  explicit FlightSize(std::size_t most) : most_(most), now_(most) {}

  std::size_t now() const { return now_; }
  void came_through() { now_ = std::min(most_, now_ * 2); }
  /// After so many messages.
  void interrupted(std::size_t stored) { now_ = std::max<std::size_t>(1, std::min(stored, now_ / 2)); }

 private:
  std::size_t most_;
  std::size_t now_;
};

}  // namespace sluice::flow
