#pragma once

#include <chrono>

/// The state machines take the time as an argument and never read the clock.
namespace sluice::flow {

using Clock = std::chrono::steady_clock;
using Time = Clock::time_point;
using Duration = Clock::duration;

}  // namespace sluice::flow
