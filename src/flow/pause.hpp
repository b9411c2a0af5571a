#pragma once

#include <condition_variable>
#include <mutex>
#include <stop_token>

#include "flow/time.hpp"

namespace sluice::flow {

/// Blocks the calling thread for `time`, or until a stop is requested. Returns whether the thread may go on.
inline bool pause(Duration time, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  wake.wait_for(lock, stop, time, [] { return false; });
  return !stop.stop_requested();
}

}  // namespace sluice::flow
