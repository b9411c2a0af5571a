#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <stop_token>
#include <thread>

#include "flow/time.hpp"

namespace sluice::worker {

/// Bounds how long a process takes to end. Once armed, it calls `expired` when the time is up, unless it is
/// destroyed first. The call comes from its own thread, so other threads may hang. Construct it first, so
/// that it also covers the destruction of everything constructed later.
class ExitDeadline {
 public:
  explicit ExitDeadline(std::function<void()> expired) : expired_(std::move(expired)) {}
  ExitDeadline(const ExitDeadline&) = delete;
  ExitDeadline& operator=(const ExitDeadline&) = delete;

  /// Starts the countdown. Call it once.
  void arm(flow::Duration time);
  bool armed() const { return armed_at_ != flow::Time{}; }
  /// The time since arm(); 0 before.
  flow::Duration elapsed() const;

 private:
  std::function<void()> expired_;
  flow::Time armed_at_{};
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::jthread thread_;  ///< declared last, so it ends before the members that it uses
};

}  // namespace sluice::worker
