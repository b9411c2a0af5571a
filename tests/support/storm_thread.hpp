#pragma once

#include <atomic>
#include <string>
#include <thread>

#include "realworld/storm.hpp"
#include "support/test_thread.hpp"

namespace sluice::test {

/// A storm that runs in its own thread until finish() is called.
class StormThread {
 public:
  StormThread(const std::string& uri, const std::string& database, realworld::StormOptions options)
      : options_(options), thread_(test_thread([this, uri, database] {
          options_.until_stopped = &stop_;
          report_ = realworld::storm(uri, database, options_);
        })) {}
  ~StormThread() { stop_ = true; }

  /// Stops the writers, and waits for them.
  realworld::StormReport finish() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
    return report_;
  }

 private:
  std::atomic<bool> stop_{false};
  realworld::StormOptions options_;
  realworld::StormReport report_;
  std::jthread thread_;  // declared last, so it ends before the members that it uses
};

}  // namespace sluice::test
