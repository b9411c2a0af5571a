#include "observe/log/repeated_warning.hpp"

namespace sluice::observe {

using Say = flow::Repetition::Say;

std::string seconds_text(flow::Duration time) {
  const double seconds = std::chrono::duration<double>(time).count();
  return fmt::format("{:.{}f} s", seconds, seconds < 10 ? 1 : 0);
}

void RepeatedWarning::failed(const Error& error, flow::Time now) {
  failed(error.text(), observe::LogFields::of(error), now);
}

void RepeatedWarning::failed(const std::string& why, const observe::LogFields& fields, flow::Time now) {
  last_error_ = why;
  const flow::Repetition::Told told = repetition_.failed(now, why);
  if (told.say == Say::began) {
    log_.warn(fields, "{}: {}; retrying", what_, why);
  } else {
    tell(told);
  }
}

void RepeatedWarning::succeeded(flow::Time now) {
  if (repetition_.failing()) tell(repetition_.succeeded(now));
}

void RepeatedWarning::tell_due(flow::Time now) {
  tell(repetition_.due(now));
}

void RepeatedWarning::tell(const flow::Repetition::Told& told) const {
  switch (told.say) {
    case Say::nothing:
    case Say::began:
      return;
    case Say::still:
      log_.warn("{}: still failing, {} attempts in the last {}; the last error: {}; retrying", what_,
                told.tries, seconds_text(told.time), last_error_);
      return;
    case Say::sometimes:
      log_.warn("{}: failed {} more times in the last {}, now working; the last error: {}", what_, told.tries,
                seconds_text(told.time), last_error_);
      return;
    case Say::over:
      log_.info("{}: over after {} and {} {}", what_, seconds_text(told.time), told.tries,
                told.tries == 1 ? "try" : "tries");
      return;
  }
}

}  // namespace sluice::observe
