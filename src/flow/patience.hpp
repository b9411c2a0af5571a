#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>

#include "flow/time.hpp"

namespace sluice::flow {

/// How long a lane waits for acknowledgements before it reports that the server is down. Each acknowledgement
/// starts the time anew.
class Patience {
 public:
  static constexpr Duration in_trouble = std::chrono::milliseconds(500);

  Patience(Duration most, Time now) : most_(most), since_(now) {}

  /// `answered`: how many acknowledgements have come. `trouble`: the server cannot take messages now, so
  /// waiting longer is no use.
  bool over(Time now, std::size_t answered, bool trouble) {
    if (answered != answered_) {
      answered_ = answered;
      since_ = now;
    }
    return now - since_ >= (trouble ? std::min(most_, in_trouble) : most_);
  }

  void again(Time now) { since_ = now; }

 private:
  Duration most_;
  Time since_;
  std::size_t answered_ = 0;
};

}  // namespace sluice::flow
