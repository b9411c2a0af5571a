#pragma once

#include <deque>
#include <limits>
#include <optional>

namespace sluice::flow {

/// How long the oplog still holds a stream's position. The oplog is a ring: its oldest entry moves on as
/// others are written, and a position that it passes is lost. Fed with samples, some seconds apart; keeps
/// those of the last minutes.
class OplogHeadroom {
 public:
  /// What was seen at one moment; all in seconds since the epoch, by the server's clock.
  struct Sample {
    double now = 0;
    double oldest = 0;    ///< the oplog's oldest entry
    double position = 0;  ///< what the stream has done
  };

  static constexpr double window = 300;     ///< the rate is that of so many seconds
  static constexpr double least_span = 20;  ///< less is too little to tell a rate from
  /// A stream as near to the server's clock as this reads where the server writes. The end of a ring does not
  /// overtake its beginning, however fast it comes nearer while a storm writes over quiet hours.
  static constexpr double at_the_tip = 15;

  void add(const Sample& sample) {
    // An oldest entry that is older than before: the oplog was made larger, or this is another server's. What
    // was seen before says nothing about it.
    const bool another =
        !samples_.empty() && (sample.oldest < samples_.back().oldest ||
                              sample.position < samples_.back().position || sample.now < samples_.back().now);
    if (another) samples_.clear();
    samples_.push_back(sample);
    while (samples_.front().now < sample.now - window) samples_.pop_front();
  }

  /// Seconds between the oldest entry and the position; below 0 when the position is gone. Absent without a
  /// sample.
  std::optional<double> seconds() const {
    if (samples_.empty()) return std::nullopt;
    return headroom(samples_.back());
  }

  /// When the oplog's end will have reached the position, at the rate of the last minutes; infinity while it
  /// comes no nearer. Absent until there are samples enough for a rate.
  std::optional<double> exhausted_at() const {
    if (samples_.empty()) return std::nullopt;
    const Sample& first = samples_.front();
    const Sample& last = samples_.back();
    if (headroom(last) <= 0) return last.now;
    if (last.now - last.position <= at_the_tip) return std::numeric_limits<double>::infinity();
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
