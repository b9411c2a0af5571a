#pragma once

#include <cstdint>
#include <deque>
#include <unordered_set>

namespace sluice::flow {

/// Which contents came lately. The time is that of the events, so that a stream that is read again judges as
/// it did before.
class DedupWindow {
 public:
  /// Beyond `most` the oldest are forgotten: a repetition may then pass, and nothing is ever lost.
  explicit DedupWindow(std::int64_t window_ms, std::size_t most = 100'000)
      : window_ms_(window_ms), most_(most) {}

  /// Whether `content` came within the window before `now_ms`. If not, its window begins now. Time that goes
  /// back is taken for standing still.
  bool repeated(std::uint64_t content, std::int64_t now_ms) {
    if (now_ms > now_ms_) now_ms_ = now_ms;
    while (!order_.empty() && order_.front().until_ms <= now_ms_) forget_oldest();
    if (!known_.insert(content).second) return true;
    order_.push_back({content, now_ms_ + window_ms_});
    if (order_.size() > most_) forget_oldest();
    return false;
  }

  std::size_t size() const { return order_.size(); }

 private:
  struct Entry {
    std::uint64_t content;
    std::int64_t until_ms;
  };

  void forget_oldest() {
    known_.erase(order_.front().content);
    order_.pop_front();
  }

  std::int64_t window_ms_;
  std::size_t most_;
  std::int64_t now_ms_ = INT64_MIN;
  std::unordered_set<std::uint64_t> known_;
  std::deque<Entry> order_;  ///< all windows are of one length, so the oldest ends first
};

}  // namespace sluice::flow
