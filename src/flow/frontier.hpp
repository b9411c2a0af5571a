#pragma once

#include <algorithm>
#include <cassert>
#include <cstdint>
#include <deque>
#include <optional>

#include "core/position.hpp"

namespace sluice::flow {

/// Finds the newest position below which every event is resolved. Batches of events are opened in stream
/// order and resolved in any order. The frontier moves to the end of a batch when that batch and all before
/// it are resolved, and never past an unresolved event. A batch without events moves the position of an idle
/// stream.
///
/// Adjacent resolved batches are merged into one entry. So there are at most 2 * n + 1 entries for n
/// unresolved batches, however long an event stays unresolved.
class Frontier {
 public:
  /// Opens a batch that ends at position `end` and has `events` unresolved events. Returns its number, for
  /// resolve(). The number must not be used for that once the batch is resolved.
  std::uint64_t open(Position end, std::uint64_t events) {
    if (events == 0 && !open_.empty() && open_.back().unresolved == 0) {
      open_.back().end = std::move(end);
      return open_.back().number;
    }
    open_.push_back({next_, std::move(end), events});
    return next_++;
  }

  void resolve(std::uint64_t batch, std::uint64_t events) {
    if (events == 0) return;
    const auto entry = find(batch);
    assert(entry != open_.end() && entry->number == batch && entry->unresolved >= events);
    entry->unresolved -= events;
    if (entry->unresolved == 0) merge(entry);
  }

  /// The newest position that may be stored, or nullopt if the frontier has not moved since the last call.
  std::optional<Position> advance() {
    std::optional<Position> reached;
    while (!open_.empty() && open_.front().unresolved == 0) {
      reached = std::move(open_.front().end);
      passed_ = open_.front().number;
      open_.pop_front();
    }
    return reached;
  }

  /// The number of the batch that ends at the position which advance() returned last.
  std::uint64_t passed() const { return passed_; }

  /// Whether advance() may still return the end of this batch: false once it is passed, or merged with a
  /// later batch.
  bool holds(std::uint64_t batch) const {
    return std::ranges::binary_search(open_, batch, {}, &Entry::number);
  }

  bool idle() const { return open_.empty(); }
  std::size_t size() const { return open_.size(); }

 private:
  struct Entry {
    std::uint64_t number;
    Position end;
    std::uint64_t unresolved;
  };
  using Entries = std::deque<Entry>;

  Entries::iterator find(std::uint64_t number) {
    if (!open_.empty() && open_.front().number == number) return open_.begin();  // the usual case
    return std::ranges::lower_bound(open_, number, {}, &Entry::number);
  }

  /// Merges a resolved entry with its resolved neighbours. Only the last of their positions is needed.
  void merge(Entries::iterator entry) {
    if (const auto next = entry + 1; next != open_.end() && next->unresolved == 0) entry = open_.erase(entry);
    if (entry != open_.begin() && (entry - 1)->unresolved == 0) open_.erase(entry - 1);
  }

  Entries open_;
  std::uint64_t next_ = 0;
  std::uint64_t passed_ = 0;
};

}  // namespace sluice::flow
