#pragma once

#include <cstddef>
#include <utility>

#include "flow/time.hpp"

namespace sluice::flow {

/// Limits how many log lines of one kind are written: the first `most` in a window are allowed, the others
/// are counted as withheld. A window begins with the first line after the previous window ended. Does no I/O
/// and never reads the clock.
class LineLimit {
 public:
  LineLimit(std::size_t most, Duration window) : most_(most), window_(window) {}

  /// Whether a line may be written now. If not, it is counted as withheld.
  bool allow(Time now) {
    if (!started_ || now >= start_ + window_) {
      started_ = true;
      start_ = now;
      said_ = 0;
    }
    if (said_ < most_) {
      ++said_;
      return true;
    }
    ++withheld_;
    return false;
  }

  /// How many lines were withheld in a window that has ended, and resets the count; 0 if there are none or
  /// the window runs. Call it regularly, and before allow().
  std::size_t due(Time now) { return now >= start_ + window_ ? rest() : 0; }

  /// The same without waiting for the end of the window.
  std::size_t rest() { return std::exchange(withheld_, 0); }

 private:
  std::size_t most_;
  Duration window_;
  Time start_{};
  std::size_t said_ = 0;      ///< lines allowed in the current window
  std::size_t withheld_ = 0;  ///< not yet returned by due() or rest()
  bool started_ = false;
};

}  // namespace sluice::flow
