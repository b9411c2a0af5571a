#pragma once

#include <atomic>

#include "flow/time.hpp"

namespace sluice::pipeline {

/// Whether this process can reach the outlets. If it cannot, another instance perhaps can. Thread-safe.
class Reachability {
 public:
  void failed(flow::Time now) {
    flow::Duration::rep none = 0;
    since_.compare_exchange_strong(none, now.time_since_epoch().count());
  }
  void succeeded() { since_ = 0; }

  /// Whether there were failures for at least `time`, and no success in between.
  bool failing_for(flow::Duration time, flow::Time now) const {
    const flow::Duration::rep since = since_;
    return since != 0 && now.time_since_epoch() - flow::Duration(since) >= time;
  }

 private:
  /// Time of the first failure since the last success; 0 if there is none.
  std::atomic<flow::Duration::rep> since_ = 0;
};

}  // namespace sluice::pipeline
