#pragma once

#include <string>
#include <string_view>

#include "flow/repetition.hpp"
#include "observe/log/log_line.hpp"

namespace sluice::observe {

/// The warnings about one operation that is retried. flow::Repetition decides which of them are logged. Used
/// by one thread or strand at a time.
class RepeatedWarning {
 public:
  /// `what` says as a sentence what failed: "the checkpoint could not be stored".
  RepeatedWarning(observe::StreamLog log, std::string what) : log_(std::move(log)), what_(std::move(what)) {}

  void failed(const Error& error, flow::Time now = flow::Clock::now());
  void failed(const std::string& why, const observe::LogFields& fields = {},
              flow::Time now = flow::Clock::now());
  /// Costs little while nothing fails.
  void succeeded(flow::Time now = flow::Clock::now());
  /// Logs the summary of a minute when that minute is over. Call it regularly, or with each failure.
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
