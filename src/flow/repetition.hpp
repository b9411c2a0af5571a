#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "flow/time.hpp"

namespace sluice::flow {

/// Decides which lines the log gets about one thing that fails again and again: a line when it begins to
/// fail, a summary each minute while it does, and a line when it works again. Does no I/O and asks for no
/// time.
///
/// At most `most_lines` beginnings are told in a window. A thing that fails and recovers more often than that
/// is told of by the summary alone, so a window has 2 * most_lines + 2 lines at most, however often it fails.
class Repetition {
 public:
  struct Limits {
    Duration window = std::chrono::minutes(1);
    std::size_t most_lines = 4;
  };

  enum class Say : std::uint8_t {
    nothing,
    began,      ///< the first failure, or the first with another text
    still,      ///< a summary, and it fails still
    sometimes,  ///< a summary, and it works at the moment
    over,       ///< it works again
  };
  struct Told {
    Say say = Say::nothing;
    std::size_t tries = 0;  ///< failures: since the last line, with `over` since it began to fail
    Duration time{};        ///< in which they happened
  };

  Repetition() : Repetition(Limits()) {}
  explicit Repetition(Limits limits) : limits_(limits) {}

  /// It failed. A `text` that differs from those told before in more than its digits is told as well.
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

  /// It worked. Cheap while nothing is wrong.
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

  /// The summary of a window that is over. Call it regularly.
  Told due(Time now) { return window_runs(now) || untold() == 0 ? Told{} : summary(now); }

  /// What is not told of yet, whether its time has come or not: before the end.
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

  /// No more than fit into a few windows: one with texts that always differ is told of by its summaries.
  void remember(std::string_view text) {
    constexpr std::size_t most_known = 16;
    if (known_.size() == most_known) known_.erase(known_.begin());
    known_.push_back(without_digits(text));
  }

  Limits limits_;
  bool failing_ = false;
  bool told_ = false;  ///< that it fails
  Time since_{};
  std::size_t tries_ = 0;          ///< since then
  std::size_t untold_here_ = 0;    ///< of these
  std::size_t untold_before_ = 0;  ///< failures of earlier times that came and went without a line
  bool started_ = false;
  Time window_{};                   ///< when it began
  std::size_t lines_ = 0;           ///< in it
  std::vector<std::string> known_;  ///< texts told since it began to fail, without their digits
};

}  // namespace sluice::flow
