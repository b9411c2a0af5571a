#pragma once

#include <string>
#include <string_view>

#include "flow/repetition.hpp"
#include "observe/log/log_line.hpp"

namespace sluice::observe {

/// Warns about an operation that is retried and fails again and again. flow::Repetition decides which
/// warnings are logged. Used on one thread or strand at a time.
class RepeatedWarning {
 public:
  /// `what`: the failure as a sentence, "the checkpoint could not be stored".
  RepeatedWarning(observe::StreamLog log, std::string what) : log_(std::move(log)), what_(std::move(what)) {}

  void failed(const Error& error, flow::Time now = flow::Clock::now());
  void failed(const std::string& why, const observe::LogFields& fields = {},
              flow::Time now = flow::Clock::now());
  /// Call after each success; cheap if nothing had failed.
  void succeeded(flow::Time now = flow::Clock::now());
  /// Logs the summary of a minute that has ended. Call it regularly, or at each failure.
  void tell_due(flow::Time now = flow::Clock::now());

  bool failing() const { return repetition_.failing(); }

 private:
  void tell(const flow::Repetition::Told& told) const;

  observe::StreamLog log_;
  std::string what_;
  flow::Repetition repetition_;
  std::string last_error_;
};

/// "3.2 s", "75 s"
std::string seconds_text(flow::Duration time);

}  // namespace sluice::observe
