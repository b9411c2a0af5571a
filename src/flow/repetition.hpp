#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "flow/time.hpp"

namespace sluice::flow {

/// Decides which log lines are written about something that fails repeatedly: one when it begins to fail, a
/// summary each minute while it fails, and one when it works again. Does no I/O and never reads the clock.
///
/// In each window at most `most_lines` beginnings are logged. Something that fails and recovers more often
/// appears only in the summary, so a window has 2 * most_lines + 2 lines at most.
class Repetition {
 public:
  struct Limits {
    Duration window = std::chrono::minutes(1);
    std::size_t most_lines = 4;
  };

  enum class Say : std::uint8_t {
    nothing,
    began,      ///< the first failure, or the first with another text
    still,      ///< a summary; it still fails
    sometimes,  ///< a summary; it works at the moment
    over,       ///< it works again
  };
  struct Told {
    Say say = Say::nothing;
    std::size_t tries = 0;  ///< failures since the last line; with `over`: since it began to fail
    Duration time{};        ///< the time in which these failures happened
  };

  Repetition() : Repetition(Limits()) {}
  explicit Repetition(Limits limits) : limits_(limits) {}

  /// It failed. A `text` that differs from those logged before in more than its digits gets a line of its
  /// own.
  Told failed(Time now, std::string_view text) {
    if (!failing_) {
      failing_ = true;
      told_ = false;
      since_ = now;
      tries_ = 0;
      untold_here_ = 0;
    }
    ++tries_;
    ++untold_here_;
    if (!window_runs(now)) {
      if (untold() > 1) return summary(now);
      begin_window(now);
    }
    if (!is_new(text) || lines_ >= limits_.most_lines) return {};
    remember(text);
    ++lines_;
    told_ = true;
    untold_here_ = 0;
    return {Say::began, tries_, now - since_};
  }

  /// It worked. Cheap if it did not fail before.
  Told succeeded(Time now) {
    if (!failing_) return {};
    failing_ = false;
    known_.clear();
    if (!told_) {
      untold_before_ += untold_here_;
      return {};
    }
    return {Say::over, tries_, now - since_};
  }

  /// The summary of a window that has ended. Call it regularly.
  Told due(Time now) { return window_runs(now) || untold() == 0 ? Told{} : summary(now); }

  /// The summary of what is not logged yet, also when the window runs. Call it before the process ends.
  Told rest(Time now) { return untold() == 0 ? Told{} : summary(now); }

  bool failing() const { return failing_; }

 private:
  std::size_t untold() const { return untold_before_ + (failing_ ? untold_here_ : 0); }
  bool window_runs(Time now) const { return started_ && now < window_ + limits_.window; }

  void begin_window(Time now) {
    started_ = true;
    window_ = now;
    lines_ = 0;
  }

  Told summary(Time now) {
    const Told told{failing_ ? Say::still : Say::sometimes, untold(), now - window_};
    begin_window(now);
    untold_here_ = 0;
    untold_before_ = 0;
    told_ = failing_;
    return told;
  }

  static std::string without_digits(std::string_view text) {
    std::string kept;
    for (const char c : text) {
      if (c < '0' || c > '9') kept += c;
    }
    return kept;
  }

  bool is_new(std::string_view text) const {
    return known_.empty() || std::ranges::find(known_, without_digits(text)) == known_.end();
  }

  /// Keeps only the newest texts. If texts always differ, the summaries cover the failures.
  void remember(std::string_view text) {
    constexpr std::size_t most_known = 16;
    if (known_.size() == most_known) known_.erase(known_.begin());
    known_.push_back(without_digits(text));
  }

  Limits limits_;
  bool failing_ = false;
  bool told_ = false;  ///< that it fails is logged
  Time since_{};
  std::size_t tries_ = 0;          ///< failures since `since_`
  std::size_t untold_here_ = 0;    ///< of these, not logged yet
  std::size_t untold_before_ = 0;  ///< failures of earlier failing periods that ended without a line
  bool started_ = false;
  Time window_{};                   ///< when the current window began
  std::size_t lines_ = 0;           ///< beginnings logged in the window
  std::vector<std::string> known_;  ///< texts logged since it began to fail, without digits
};

}  // namespace sluice::flow
