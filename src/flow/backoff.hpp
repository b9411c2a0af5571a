#pragma once

#include <algorithm>
#include <cstdint>
#include <random>

#include "flow/time.hpp"

namespace sluice::flow {

/// Exponential backoff with full jitter: the n-th wait is drawn evenly from (0, min(cap, base * 2^n)], so
/// that workers that failed at the same time do not retry at the same time.
class Backoff {
 public:
  struct Limits {
    Duration base = std::chrono::milliseconds(10);
    Duration cap = std::chrono::seconds(5);
  };

  Backoff(Limits limits, std::uint64_t seed) : limits_(limits), random_(seed) {}

  Duration next() {
    const Duration ceiling =
        std::min(limits_.cap, limits_.base * (std::int64_t{1} << std::min(attempts_, 20)));
    ++attempts_;
    return Duration(std::uniform_int_distribution<Duration::rep>(1, ceiling.count())(random_));
  }

  void reset() { attempts_ = 0; }
  int attempts() const { return attempts_; }

 private:
  Limits limits_;
  std::mt19937_64 random_;
  int attempts_ = 0;
};

}  // namespace sluice::flow
