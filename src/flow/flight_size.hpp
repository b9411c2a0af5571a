#pragma once

#include <algorithm>
#include <cstddef>

namespace sluice::flow {

/// How many messages of one ordered stream are sent together, as a flight. The server accepts each message
/// only directly behind the one before it. If another publisher's message comes in between, the rest of the
/// flight is refused, and the next flight is at most half as long, down to one message. A flight that was
/// accepted whole doubles the length, up to `most`.
class FlightSize {
 public:
  explicit FlightSize(std::size_t most) : most_(most), now_(most) {}

  std::size_t now() const { return now_; }
  void came_through() { now_ = std::min(most_, now_ * 2); }
  /// The flight was interrupted after `stored` messages had been accepted.
  void interrupted(std::size_t stored) { now_ = std::max<std::size_t>(1, std::min(stored, now_ / 2)); }

 private:
  std::size_t most_;
  std::size_t now_;
};

}  // namespace sluice::flow
