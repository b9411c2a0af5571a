#pragma once

#include <chrono>
#include <thread>

namespace workbench {

/// Asks again and again, with a short pause, until `holds` says yes (true) or the time is up (false).
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
