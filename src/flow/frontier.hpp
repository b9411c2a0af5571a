#pragma once

#include <cassert>
#include <cstdint>
#include <deque>
#include <optional>

#include "sluice/position.hpp"

namespace sluice::flow {

/// The position below which everything is done. Batches of events are opened in stream order and resolved in
/// any order; the frontier moves to a batch's end when that batch and all before it are resolved, and never
/// past an unresolved event. A batch without events is an idle stream's way forward.
class Frontier {
 public:
  /// A batch that ends at `end` with so many unresolved events; gives the number to resolve it by.
  std::uint64_t open(Position end, std::uint64_t events) {
    open_.push_back({std::move(end), events});
    return first_ + open_.size() - 1;
  }

  void resolve(std::uint64_t batch, std::uint64_t events) {
    assert(batch >= first_ && batch < first_ + open_.size());
    auto& entry = open_[batch - first_];
    assert(entry.unresolved >= events);
    entry.unresolved -= events;
  }

  /// The newest position that may be stored, if the frontier moved since the last call.
  std::optional<Position> advance() {
    std::optional<Position> reached;
    while (!open_.empty() && open_.front().unresolved == 0) {
      reached = std::move(open_.front().end);
      open_.pop_front();
      ++first_;
    }
    return reached;
  }

  bool idle() const { return open_.empty(); }

 private:
  struct Entry {
    Position end;
    std::uint64_t unresolved;
  };
  std::deque<Entry> open_;
  std::uint64_t first_ = 0;
};

}  // namespace sluice::flow
