#pragma once

#include <deque>
#include <limits>
#include <optional>

namespace sluice::flow {

/// Estimates how long the oplog will still hold a stream's position. The oplog is a ring: its oldest entries
/// are overwritten, and a position before the oldest entry is lost. The caller adds a sample every few
/// seconds; those of the last minutes are kept.
class OplogHeadroom {
 public:
  /// The state at one moment. All times are seconds since the epoch, by the server's clock.
  struct Sample {
    double now = 0;
    double oldest = 0;    ///< the oplog's oldest entry
    double position = 0;  ///< the stream has done everything up to here
    bool whole = false;   ///< nothing has been overwritten yet, as far as that is known
  };

  static constexpr double window = 300;     ///< seconds over which the rate is measured
  static constexpr double least_span = 20;  ///< seconds between samples that a rate needs at least
  /// A stream at most this many seconds behind the server's clock reads what is being written, which the
  /// oplog always holds. It cannot be overtaken, even when the headroom shrinks fast because a burst of
  /// writes replaces quiet hours.
  static constexpr double at_the_tip = 15;

  void add(const Sample& sample) {
    // A time went back: the oplog was enlarged, or this is another server. Earlier samples say nothing about
    // it.
    const bool another =
        !samples_.empty() && (sample.oldest < samples_.back().oldest ||
                              sample.position < samples_.back().position || sample.now < samples_.back().now);
    if (another) samples_.clear();
    samples_.push_back(sample);
    while (samples_.front().now < sample.now - window) samples_.pop_front();
  }

  /// Seconds between the oldest entry and the position; negative when the position is lost. nullopt without a
  /// sample.
  std::optional<double> seconds() const {
    if (samples_.empty()) return std::nullopt;
    return headroom(samples_.back());
  }

  /// When the oldest entry will reach the position at the current rate, in seconds since the epoch; infinity
  /// if it comes no nearer. nullopt until there are enough samples for a rate.
  std::optional<double> exhausted_at() const {
    if (samples_.empty()) return std::nullopt;
    const Sample& first = samples_.front();
    const Sample& last = samples_.back();
    if (headroom(last) < 0) return last.now;
    const bool safe = last.whole || last.now - last.position <= at_the_tip;
    if (safe) return std::numeric_limits<double>::infinity();
    if (headroom(last) == 0) return last.now;
    if (last.now - first.now < least_span) return std::nullopt;
    const double lost = headroom(first) - headroom(last);
    if (lost <= 0) return std::numeric_limits<double>::infinity();
    return last.now + headroom(last) * (last.now - first.now) / lost;
  }

 private:
  static double headroom(const Sample& sample) { return sample.position - sample.oldest; }

  std::deque<Sample> samples_;
};

}  // namespace sluice::flow
