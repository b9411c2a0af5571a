#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

namespace sluice::observe {

/// Shows the progress of a long operation: count, rate and time left. On a terminal it redraws one line;
/// elsewhere it writes a sentence every few seconds. Used by one thread at a time.
class Progress {
 public:
  using Clock = std::chrono::steady_clock;

  /// `terminal`: redraw one line with carriage returns. `write` outputs the text unchanged.
  Progress(bool terminal, std::function<void(const std::string&)> write)
      : terminal_(terminal), write_(std::move(write)) {}

  /// `total` may be an estimate, or 0 if it is not known. A new `name` starts a new operation.
  void update(const std::string& name, std::int64_t done, std::int64_t total, Clock::time_point now);

  /// Clears the line, so that something else can be written.
  void clear();

  /// "users: 1200 of 5000 (24 %), 300/s, 13 s to go"
  static std::string sentence(const std::string& name, std::int64_t done, std::int64_t total, double seconds);

 private:
  bool terminal_;
  std::function<void(const std::string&)> write_;
  std::string name_;
  Clock::time_point began_{};
  Clock::time_point said_{};
  bool drawn_ = false;
};

}  // namespace sluice::observe
