#pragma once

#include <cassert>
#include <cstdint>
#include <deque>

#include "flow/budget.hpp"

namespace sluice::flow {

/// Which lanes may render and send their batches at the same time: as many as fit the limit, in the order in
/// which they asked. One that is larger than the limit goes alone, so nothing waits for ever. What is let go
/// is charged to the stream's budget. On the strand only.
class SendAllowance {
 public:
  using Ticket = std::uint64_t;

  explicit SendAllowance(Budget& budget) : budget_(budget), limit_(budget.most_sending()) {}

  /// Puts a batch of so many bytes at the end of the line.
  Ticket ask(std::int64_t bytes) {
    line_.push_back({++last_, bytes});
    return last_;
  }

  /// Whether it is the batch's turn: then it leaves the line, and release() with its bytes must follow.
  bool take(Ticket ticket) {
    assert(!line_.empty());
    const Waiting first = line_.front();
    if (first.ticket != ticket || (in_use_ > 0 && in_use_ + first.bytes > limit_)) return false;
    line_.pop_front();
    in_use_ += first.bytes;
    budget_.add_sending(first.bytes);
    return true;
  }

  /// Leaves the line without a turn.
  void withdraw(Ticket ticket) {
    std::erase_if(line_, [&](const Waiting& one) { return one.ticket == ticket; });
  }

  void release(std::int64_t bytes) {
    assert(in_use_ >= bytes);
    in_use_ -= bytes;
    budget_.release_sending(bytes);
  }

  /// Whether a batch that had to wait may be sent now.
  bool anybody_waits() const { return !line_.empty(); }
  std::int64_t in_use() const { return in_use_; }

 private:
  struct Waiting {
    Ticket ticket;
    std::int64_t bytes;
  };

  Budget& budget_;
  const std::int64_t limit_;
  std::deque<Waiting> line_;  ///< one for each lane at most
  Ticket last_ = 0;
  std::int64_t in_use_ = 0;
};

}  // namespace sluice::flow
