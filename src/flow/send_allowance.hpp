#pragma once

#include <cassert>
#include <cstdint>
#include <deque>

#include "flow/budget.hpp"

namespace sluice::flow {

/// Decides which lanes may render and send their batches at the same time: as many as fit the limit, in the
/// order in which they asked. A batch that is larger than the limit is sent alone, so no batch waits for
/// ever. Batches being sent are charged to the stream's budget. Used on the stream's strand only.
class SendAllowance {
 public:
  using Ticket = std::uint64_t;

  explicit SendAllowance(Budget& budget) : budget_(budget), limit_(budget.most_sending()) {}

  /// Puts a batch that needs `bytes` at the end of the queue.
  Ticket ask(std::int64_t bytes) {
    line_.push_back({++last_, bytes});
    return last_;
  }

  /// If it is the batch's turn, removes it from the queue and returns true; the caller must call release()
  /// with the same number of bytes when it is sent.
  bool take(Ticket ticket) {
    assert(!line_.empty());
    const Waiting first = line_.front();
    if (first.ticket != ticket || (in_use_ > 0 && in_use_ + first.bytes > limit_)) return false;
    line_.pop_front();
    in_use_ += first.bytes;
    budget_.add_sending(first.bytes);
    return true;
  }

  /// Removes a batch from the queue that is not going to be sent.
  void withdraw(Ticket ticket) {
    std::erase_if(line_, [&](const Waiting& one) { return one.ticket == ticket; });
  }

  void release(std::int64_t bytes) {
    assert(in_use_ >= bytes);
    in_use_ -= bytes;
    budget_.release_sending(bytes);
  }

  /// Whether any batch waits for its turn.
  bool anybody_waits() const { return !line_.empty(); }
  std::int64_t in_use() const { return in_use_; }

 private:
  struct Waiting {
    Ticket ticket;
    std::int64_t bytes;
  };

  Budget& budget_;
  const std::int64_t limit_;
  std::deque<Waiting> line_;  ///< at most one for each lane
  Ticket last_ = 0;
  std::int64_t in_use_ = 0;
};

}  // namespace sluice::flow
