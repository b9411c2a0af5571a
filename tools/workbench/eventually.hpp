#pragma once

#include <chrono>
#include <thread>

namespace workbench {

/// Calls `holds` repeatedly, with pauses of 2 to 200 ms, until it returns true. Returns false if it has not
/// by the end of `patience`.
template <class Predicate>
bool eventually(std::chrono::milliseconds patience, Predicate holds) {
  using Clock = std::chrono::steady_clock;
  constexpr std::chrono::milliseconds longest_pause{200};
  std::chrono::milliseconds pause{2};
  const auto deadline = Clock::now() + patience;
  for (;;) {
    const bool last = Clock::now() >= deadline;
    if (holds()) return true;
    if (last) return false;
    std::this_thread::sleep_for(pause);
    pause = pause * 3 / 2 < longest_pause ? pause * 3 / 2 : longest_pause;
  }
}

}  // namespace workbench
