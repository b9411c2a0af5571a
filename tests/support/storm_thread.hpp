#pragma once

#include <atomic>
#include <exception>
#include <string>
#include <thread>

#include "realworld/storm.hpp"

namespace sluice::test {

/// A storm that runs in its own thread until finish() is called.
class StormThread {
 public:
  StormThread(const std::string& uri, const std::string& database, realworld::StormOptions options)
      : options_(options), thread_([this, uri, database] {
          options_.until_stopped = &stop_;
          try {
            report_ = realworld::storm(uri, database, options_);
          } catch (...) {
            failure_ = std::current_exception();
          }
        }) {}
  ~StormThread() { stop_ = true; }

  /// Stops the writers, and waits for them. Throws what ended them earlier.
  realworld::StormReport finish() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
    if (failure_) std::rethrow_exception(failure_);
    return report_;
  }

 private:
  std::atomic<bool> stop_{false};
  realworld::StormOptions options_;
  realworld::StormReport report_;
  std::exception_ptr failure_;
  std::jthread thread_;  // declared last, so it ends before the members that it uses
};

}  // namespace sluice::test
