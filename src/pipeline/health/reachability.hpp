#pragma once

#include <atomic>

#include "flow/time.hpp"

namespace sluice::pipeline {

/// Whether the sinks outside MongoDB can be reached from this process: another instance may have better luck.
/// Thread-safe.
class Reachability {
 public:
  void failed(flow::Time now) {
    flow::Duration::rep none = 0;
    since_.compare_exchange_strong(none, now.time_since_epoch().count());
  }
  void succeeded() { since_ = 0; }

  /// For so long, and without a success between.
  bool failing_for(flow::Duration time, flow::Time now) const {
    const flow::Duration::rep since = since_;
    return since != 0 && now.time_since_epoch() - flow::Duration(since) >= time;
  }

 private:
  std::atomic<flow::Duration::rep> since_ = 0;  ///< the first failure in a row; 0 for none
};

}  // namespace sluice::pipeline
