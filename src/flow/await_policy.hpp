#pragma once

#include <algorithm>

#include "flow/time.hpp"

namespace sluice::flow {

/// How long to wait for one answer of a change stream's cursor. The server looks through a long stretch of
/// changes that the filter keeps out before it has anything to tell; a wait that is cut short there begins
/// again at the same place, and would be cut short again and again. So each wait that was too short is
/// followed by one twice as long, until an answer comes.
class AwaitPolicy {
 public:
  /// `most` bounds the growth, not what is usual. With a usual wait of zero the driver's own ideas are left
  /// alone.
  AwaitPolicy(Duration usual, Duration most) : usual_(usual), most_(most), now_(usual) {}

  Duration now() const { return now_; }
  Duration usual() const { return usual_; }

  /// No answer came, and the connection was given up after `waited`. True when it was given up for that
  /// reason: a server that is gone is noticed earlier, and asks for no longer wait.
  bool failed(Duration waited) {
    // What the driver did before it began to wait is part of neither.
    constexpr auto tolerance = std::chrono::milliseconds(50);
    if (usual_ <= Duration::zero() || waited + tolerance < now_) return false;
    now_ = std::max(now_, std::min(2 * now_, most_));
    return true;
  }

  void succeeded() { now_ = usual_; }

 private:
  Duration usual_;
  Duration most_;
  Duration now_;
};

}  // namespace sluice::flow
