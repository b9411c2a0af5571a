#pragma once

#include <mutex>
#include <string>

#include "flow/repetition.hpp"

namespace sluice::flow {

/// Why a stream stopped, over all its tries: the log gets a reason as it comes, and then once a minute. One
/// that cannot run is tried again for as long as the worker lives. Thread-safe.
class StopReasons {
 public:
  /// Whether the log should have it.
  bool tell(const std::string& why, flow::Time now = flow::Clock::now()) {
    const std::lock_guard lock(mutex_);
    return repetition_.failed(now, why).say != flow::Repetition::Say::nothing;
  }
  /// The stream runs again.
  void forget() {
    const std::lock_guard lock(mutex_);
    repetition_.succeeded(flow::Clock::now());
  }

 private:
  std::mutex mutex_;
  flow::Repetition repetition_;
};

}  // namespace sluice::flow
