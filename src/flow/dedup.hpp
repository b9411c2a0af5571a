#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <optional>
#include <unordered_set>
#include <utility>
#include <vector>

namespace sluice::flow {

/// A deduplication window: finds contents that were seen within the last `window_ms` milliseconds. Time is
/// the events' own time, so reading the stream again gives the same results.
///
/// Events are judged before the stream's stored position reaches them. So the window also keeps what it held
/// at that position (settle()), and stored() returns the window as of then. A run that is restored from it
/// and judges the same events comes to the same results.
class DedupWindow {
 public:
  struct Entry {
    std::uint64_t content;
    std::int64_t until_ms;
    friend bool operator==(const Entry&, const Entry&) = default;
  };

  /// A point in the window's past: the number of entries added so far, and the time.
  struct Mark {
    std::uint64_t entries = 0;
    std::int64_t now_ms = INT64_MIN;
    friend bool operator==(const Mark&, const Mark&) = default;
  };

  struct Stored {
    std::int64_t window_ms = 0;
    std::int64_t now_ms = INT64_MIN;
    bool exact = true;           ///< no entry of the window is missing
    std::vector<Entry> entries;  ///< oldest first
    friend bool operator==(const Stored&, const Stored&) = default;
  };

  /// At most `most` contents are in the window. With more, the oldest is forgotten: a repetition of it may
  /// then pass, but nothing is ever lost. Up to `most` further entries are kept whose windows have ended
  /// since the settled mark.
  explicit DedupWindow(std::int64_t window_ms, std::size_t most = 100'000)
      : window_ms_(window_ms), most_(most) {}

  /// Whether `content` was seen within the window before `now_ms`. If not, its window begins now. A time
  /// before that of an earlier call is replaced by the latest time.
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

  /// Moves the time forward to `now_ms`: contents whose windows end by then leave.
  void pass_to(std::int64_t now_ms) {
    if (now_ms > now_ms_) now_ms_ = now_ms;
    while (live_ < end() && entry(live_).until_ms <= now_ms_) retire_oldest();
  }

  /// How many contents are in the window now.
  std::size_t size() const { return end() - live_; }
  /// How many entries are in memory, with those kept for stored().
  std::size_t kept() const { return entries_.size(); }

  Mark mark() const { return {end(), now_ms_}; }

  /// The position that may be stored has reached the place of `mark`. Marks must be settled in the order in
  /// which they were made.
  void settle(const Mark& mark) {
    settled_ = mark;
    while (begin_ < mark.entries && over(mark, begin_, entries_.front().until_ms)) drop_oldest();
  }
  const Mark& settled() const { return settled_; }

  /// The window as of the settled mark, with the newest `most` of its entries.
  Stored stored(std::size_t most) const {
    Stored stored{window_ms_, settled_.now_ms, complete(), {}};
    const std::uint64_t count = settled_.entries > begin_ ? settled_.entries - begin_ : 0;
    const std::uint64_t left_out = count > most ? count - most : 0;
    if (left_out > 0) stored.exact = false;
    const auto first = entries_.begin() + static_cast<std::ptrdiff_t>(left_out);
    stored.entries.assign(first, entries_.begin() + static_cast<std::ptrdiff_t>(count));
    return stored;
  }

  /// Restores a stored window into this new one. Returns false, and changes nothing, if the stored one has
  /// another length.
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

  /// Whether an entry made before `mark` had already left the window at the mark.
  bool over(const Mark& mark, std::uint64_t number, std::int64_t until_ms) const {
    return until_ms <= mark.now_ms || mark.entries - number > most_;
  }

  /// Whether every entry that was in the window at the settled mark is still in memory.
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
  std::deque<Entry> entries_;  ///< in order of their ends, since all windows have the same length
  std::uint64_t begin_ = 0;    ///< the number of the first entry in memory
  std::uint64_t live_ = 0;     ///< the number of the first entry whose window has not ended
  Mark settled_;
  std::optional<Dropped> dropped_;  ///< the last entry that was dropped to save memory and not by settle()
};

}  // namespace sluice::flow
