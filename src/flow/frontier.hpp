#pragma once

#include <algorithm>
#include <cassert>
#include <cstdint>
#include <deque>
#include <optional>

#include "core/position.hpp"

namespace sluice::flow {

/// The position below which everything is done. Batches of events are opened in stream order and resolved in
/// any order; the frontier moves to a batch's end when that batch and all before it are resolved, and never
/// past an unresolved event. A batch without events is an idle stream's way forward.
///
/// Resolved batches that stand next to each other are kept as one position, so it holds at most one entry for
/// each unresolved batch, one before each, and one at the end, however long an event stays unresolved.
class Frontier {
 public:
  /// A batch that ends at `end` with so many unresolved events; gives the number to resolve it by. The number
  /// is of no use once the batch is resolved.
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

  /// The newest position that may be stored, if the frontier moved since the last call.
  std::optional<Position> advance() {
    std::optional<Position> reached;
    while (!open_.empty() && open_.front().unresolved == 0) {
      reached = std::move(open_.front().end);
      passed_ = open_.front().number;
      open_.pop_front();
    }
    return reached;
  }

  /// The batch at whose end the position that advance() gave last is.
  std::uint64_t passed() const { return passed_; }

  /// Whether advance() may come to stop at the end of that batch: it was not merged with a later one.
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
    if (!open_.empty() && open_.front().number == number) return open_.begin();  // as it usually is
    return std::ranges::lower_bound(open_, number, {}, &Entry::number);
  }

  /// With its resolved neighbours: of positions that all may be passed only the last is needed.
  void merge(Entries::iterator entry) {
    if (const auto next = entry + 1; next != open_.end() && next->unresolved == 0) entry = open_.erase(entry);
    if (entry != open_.begin() && (entry - 1)->unresolved == 0) open_.erase(entry - 1);
  }

  Entries open_;
  std::uint64_t next_ = 0;
  std::uint64_t passed_ = 0;
};

}  // namespace sluice::flow
