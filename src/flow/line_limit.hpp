#pragma once

#include <cstddef>
#include <utility>

#include "flow/time.hpp"

namespace sluice::flow {

/// Bounds how many lines of one sort the log gets: the first `most` in a window may be said, the others are
/// counted. Does no I/O and asks for no time.
///
/// A window begins with the first line after the one before it ended.
class LineLimit {
 public:
  LineLimit(std::size_t most, Duration window) : most_(most), window_(window) {}

  /// Whether a line may be said now; else it is counted as withheld.
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

  /// How many lines were withheld in a window that is over, told once; 0 where there is nothing to say. Call
  /// it regularly, and before allow().
  std::size_t due(Time now) { return now >= start_ + window_ ? rest() : 0; }

  /// The same without waiting for the window's end.
  std::size_t rest() { return std::exchange(withheld_, 0); }

 private:
  std::size_t most_;
  Duration window_;
  Time start_{};
  std::size_t said_ = 0;      ///< in the present window
  std::size_t withheld_ = 0;  ///< and not yet told
  bool started_ = false;
};

}  // namespace sluice::flow
