#pragma once

#include <atomic>
#include <string>
#include <thread>

#include "realworld/storm.hpp"

namespace sluice::test {

/// A storm that goes on beside the test until it is told to finish.
class StormThread {
 public:
  StormThread(const std::string& uri, const std::string& database, realworld::StormOptions options)
      : options_(options), thread_([this, uri, database] {
          options_.until_stopped = &stop_;
          report_ = realworld::storm(uri, database, options_);
        }) {}
  ~StormThread() { stop_ = true; }

  /// Lets the writers end, and waits for them.
  realworld::StormReport finish() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
    return report_;
  }

 private:
  std::atomic<bool> stop_{false};
  realworld::StormOptions options_;
  realworld::StormReport report_;
  std::jthread thread_;  // last: ends before what it uses
};

}  // namespace sluice::test
