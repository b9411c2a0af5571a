#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>

#include "flow/time.hpp"

namespace sluice::sinks::kafka {

/// How long a lane waits for delivery reports before it reports that the brokers are down. Each report starts
/// the time anew. No I/O.
class Patience {
 public:
  static constexpr flow::Duration in_trouble = std::chrono::milliseconds(500);

  Patience(flow::Duration most, flow::Time now) : most_(most), since_(now) {}

  /// `answered`: how many reports have come. `trouble`: the producer says that it cannot send now, so waiting
  /// longer is no use.
  bool over(flow::Time now, std::size_t answered, bool trouble) {
    if (answered != answered_) {
      answered_ = answered;
      since_ = now;
    }
    return now - since_ >= (trouble ? std::min(most_, in_trouble) : most_);
  }

  void again(flow::Time now) { since_ = now; }

 private:
  flow::Duration most_;
  flow::Time since_;
  std::size_t answered_ = 0;
};

}  // namespace sluice::sinks::kafka
