#pragma once

#include <chrono>

/// The state machines take the time as an argument and never read the clock.
namespace sluice::flow {

using Clock = std::chrono::steady_clock;
using Time = Clock::time_point;
using Duration = Clock::duration;

/// The first multiple of `interval` after `now`. What waits for it happens at the same moments everywhere in
/// the process.
inline Time next_beat(Time now, Duration interval) {
  return Time(now.time_since_epoch() - now.time_since_epoch() % interval + interval);
}

}  // namespace sluice::flow
