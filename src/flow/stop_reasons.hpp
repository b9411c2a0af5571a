#pragma once

#include <mutex>
#include <string>

#include "flow/repetition.hpp"

namespace sluice::flow {

/// Limits log lines about why a stream stops. A stream that cannot run is retried as long as the worker
/// lives; a reason is logged when it is new, and then once a minute. Thread-safe.
class StopReasons {
 public:
  /// Whether to log this reason now.
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
