#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <optional>
#include <unordered_set>
#include <utility>
#include <vector>

namespace sluice::flow {

/// Which contents came lately. The time is that of the events, so that a stream that is read again judges as
/// it did before.
///
/// Events are judged ahead of the position that may be stored. The window therefore keeps what it held at
/// that position too (settle()), and stored() gives the window as it was there: a run that is restored from
/// it and judges the same events comes to the same results.
class DedupWindow {
 public:
  struct Entry {
    std::uint64_t content;
    std::int64_t until_ms;
    friend bool operator==(const Entry&, const Entry&) = default;
  };

  /// A point in the window's past: after so many entries, at that time.
  struct Mark {
    std::uint64_t entries = 0;
    std::int64_t now_ms = INT64_MIN;
    friend bool operator==(const Mark&, const Mark&) = default;
  };

  struct Stored {
    std::int64_t window_ms = 0;
    std::int64_t now_ms = INT64_MIN;
    bool exact = true;           ///< nothing is missing
    std::vector<Entry> entries;  ///< oldest first
    friend bool operator==(const Stored&, const Stored&) = default;
  };

  /// Beyond `most` entries the oldest are forgotten: a repetition may then pass, and nothing is ever lost. Up
  /// to as many again are kept of those that have ended since the settled mark.
  explicit DedupWindow(std::int64_t window_ms, std::size_t most = 100'000)
      : window_ms_(window_ms), most_(most) {}

  /// Whether `content` came within the window before `now_ms`. If not, its window begins now. Time that goes
  /// back is taken for standing still.
  bool repeated(std::uint64_t content, std::int64_t now_ms) {
    pass_to(now_ms);
    if (!known_.insert(content).second) return true;
    entries_.push_back({content, now_ms_ + window_ms_});
    if (size() > most_) retire_oldest();
    if (live_ - begin_ > most_) {
      dropped_ = {begin_, entries_.front().until_ms};
      drop_oldest();
    }
    return false;
  }

  /// It is that time: windows that end by then are over.
  void pass_to(std::int64_t now_ms) {
    if (now_ms > now_ms_) now_ms_ = now_ms;
    while (live_ < end() && entry(live_).until_ms <= now_ms_) retire_oldest();
  }

  /// How many contents it knows now.
  std::size_t size() const { return end() - live_; }
  /// How many entries it keeps in memory.
  std::size_t kept() const { return entries_.size(); }

  Mark mark() const { return {end(), now_ms_}; }

  /// The position that may be stored has come to `mark`. Marks are settled in the order they were made in.
  void settle(const Mark& mark) {
    settled_ = mark;
    while (begin_ < mark.entries && over(mark, begin_, entries_.front().until_ms)) drop_oldest();
  }
  const Mark& settled() const { return settled_; }

  /// The window as it was at the settled mark, with the newest `most` of its entries.
  Stored stored(std::size_t most) const {
    Stored stored{window_ms_, settled_.now_ms, complete(), {}};
    const std::uint64_t count = settled_.entries > begin_ ? settled_.entries - begin_ : 0;
    const std::uint64_t left_out = count > most ? count - most : 0;
    if (left_out > 0) stored.exact = false;
    const auto first = entries_.begin() + static_cast<std::ptrdiff_t>(left_out);
    stored.entries.assign(first, entries_.begin() + static_cast<std::ptrdiff_t>(count));
    return stored;
  }

  /// Goes on from there; of a new window. False, and nothing is taken, if that was of another length.
  bool restore(const Stored& stored) {
    if (stored.window_ms != window_ms_) return false;
    for (const Entry& entry : stored.entries) {
      if (size() < most_ && known_.insert(entry.content).second) entries_.push_back(entry);
    }
    now_ms_ = stored.now_ms;
    settled_ = mark();
    return true;
  }

 private:
  struct Dropped {
    std::uint64_t number;
    std::int64_t until_ms;
  };

  std::uint64_t end() const { return begin_ + entries_.size(); }
  const Entry& entry(std::uint64_t number) const { return entries_[number - begin_]; }

  /// Whether an entry from before `mark` was no longer in the window there.
  bool over(const Mark& mark, std::uint64_t number, std::int64_t until_ms) const {
    return until_ms <= mark.now_ms || mark.entries - number > most_;
  }

  /// Whether nothing that was in the window at the settled mark had to be dropped.
  bool complete() const {
    if (!dropped_) return true;
    return settled_.entries > dropped_->number && over(settled_, dropped_->number, dropped_->until_ms);
  }

  void retire_oldest() {
    known_.erase(entry(live_).content);
    ++live_;
  }
  void drop_oldest() {
    entries_.pop_front();
    ++begin_;
  }

  std::int64_t window_ms_;
  std::size_t most_;
  std::int64_t now_ms_ = INT64_MIN;
  std::unordered_set<std::uint64_t> known_;  ///< the contents of the entries from live_ on
  std::deque<Entry> entries_;                ///< all windows are of one length, so the oldest ends first
  std::uint64_t begin_ = 0;                  ///< the number of the first entry that is kept
  std::uint64_t live_ = 0;                   ///< the number of the first entry whose window has not ended
  Mark settled_;
  std::optional<Dropped> dropped_;  ///< the last entry that was dropped before its time
};

}  // namespace sluice::flow
