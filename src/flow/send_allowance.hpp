#pragma once

#include <cassert>
#include <cstdint>
#include <deque>

#include "flow/budget.hpp"

namespace sluice::flow {

/// Decides which lanes may render and send their batches at the same time: as many as the budget lets them,
/// in the order in which they asked. One batch is always sent, however large, so no batch waits for ever.
/// Batches being sent are charged to the stream's budget. Used on the stream's strand only.
///
/// Batches wait only while one of this stream is being sent. So it is enough to try again when that one has
/// ended, and other streams need not tell when they give something back.
class SendAllowance {
 public:
  using Ticket = std::uint64_t;

  explicit SendAllowance(Budget& budget) : budget_(budget) {}

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
    if (first.ticket != ticket || !budget_.may_send(in_use_, first.bytes)) return false;
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
  /// The most that a batch which is made now should need while it is sent.
  std::int64_t most_of_a_batch() const { return budget_.most_of_a_batch(); }
  std::int64_t in_use() const { return in_use_; }

 private:
  struct Waiting {
    Ticket ticket;
    std::int64_t bytes;
  };

  Budget& budget_;
  std::deque<Waiting> line_;  ///< at most one for each lane
  Ticket last_ = 0;
  std::int64_t in_use_ = 0;
};

}  // namespace sluice::flow
