#pragma once

#include <algorithm>

#include "flow/time.hpp"

namespace sluice::flow {

/// How long to wait for one answer of a change stream's cursor. The server may scan a long stretch of changes
/// that the filter excludes before it answers. If the client gives up during the scan, the next attempt
/// starts at the same place and would be given up again. So each wait that was too short doubles the next
/// one, until an answer comes.
class AwaitPolicy {
 public:
  /// The wait starts at `usual` and grows up to `most`. With `usual` zero the driver's own timeout applies,
  /// and nothing grows.
  AwaitPolicy(Duration usual, Duration most) : usual_(usual), most_(most), now_(usual) {}

  Duration now() const { return now_; }
  Duration usual() const { return usual_; }

  /// The connection failed after `waited` without an answer. Returns true if the wait was too short, which
  /// lengthens the next one. A server that is gone is noticed earlier than that, and lengthens nothing.
  bool failed(Duration waited) {
    // The driver's timeout does not start at exactly the moment from which `waited` counts.
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
