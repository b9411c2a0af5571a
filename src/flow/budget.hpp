#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

#include "flow/budget_pool.hpp"

namespace sluice::flow {

/// Limits what one stream has in memory, in events and in bytes: events that are read and not yet resolved,
/// what rules made of them, and what is rendered to be sent. The bytes come from a pool that all streams of
/// the process share. The reader adds answers and waits for room; the strand releases. While the budget is
/// spent, the reader does not read the cursor, so the backpressure reaches the server.
///
/// Answers that several readers share are not part of it; their feed charges the pool for them once.
///
/// Thread-safe; updated once for each batch, not for each event. A lock is taken only to wait and to wake.
class Budget : private BudgetPool::Waiter {
 public:
  Budget(std::int64_t events, std::shared_ptr<BudgetPool> pool)
      : most_events_(events), pool_(std::move(pool)) {
    pool_->join();
  }
  /// With a pool of its own.
  Budget(std::int64_t events, std::int64_t bytes) : Budget(events, std::make_shared<BudgetPool>(bytes)) {}
  ~Budget() {
    pool_->unexpect(expected_.load());
    pool_->sent(sending_.load());
    pool_->let_go(bytes_.load() - sending_.load());
    pool_->leave();
  }
  Budget(const Budget&) = delete;
  Budget& operator=(const Budget&) = delete;

  /// The reader has read an answer and posts it to the strand. `charged`: the bytes of it that the pool has
  /// not been charged for, `content`: the bytes of its events. Returns how much rules are expected to make of
  /// it, for dispatched().
  std::int64_t add(std::int64_t events, std::int64_t charged, std::int64_t content) {
    undispatched_.fetch_add(1, std::memory_order_relaxed);
    const std::int64_t expected = made_of(content);
    last_answer_.store(content, std::memory_order_relaxed);
    events_.fetch_add(events, std::memory_order_relaxed);
    expected_.fetch_add(expected, std::memory_order_relaxed);
    pool_->expect(expected);
    count(charged);
    pool_->hold(charged);
    return expected;
  }
  std::int64_t add(std::int64_t events, std::int64_t bytes) { return add(events, bytes, bytes); }

  /// The strand has dispatched an answer; `made` is the bytes that rules made of its `content`.
  void dispatched(std::int64_t made, std::int64_t content = 0, std::int64_t expected = 0) {
    count(made);
    pool_->hold(made);
    if (content > 0) {
      made_of_a_byte_.store(static_cast<double>(made) / static_cast<double>(content),
                            std::memory_order_relaxed);
    }
    expected_.fetch_sub(expected, std::memory_order_relaxed);
    undispatched_.fetch_sub(1, std::memory_order_relaxed);
    pool_->unexpect(expected);
    wake();
  }

  void release(std::int64_t events, std::int64_t bytes) {
    events_.fetch_sub(events, std::memory_order_relaxed);
    bytes_.fetch_sub(bytes, std::memory_order_relaxed);
    pool_->let_go(bytes);
    wake();
  }

  /// Bytes that all lanes together may render and send at the same time, if no other stream sends anything.
  std::int64_t most_sending() const { return pool_->sending().limit(); }
  /// Whether a batch may be sent that needs so many bytes, beside those that need `in_use`.
  bool may_send(std::int64_t in_use, std::int64_t bytes) const {
    return in_use <= 0 || pool_->sending().admits(in_use, bytes);
  }
  /// The most that a batch which is made now should need while it is sent.
  std::int64_t most_of_a_batch() const {
    constexpr std::int64_t least = 192 << 10;  // however many streams there are: smaller ones cost too much
    return std::max(least, pool_->sending().portion(2, 2));
  }

  /// Adds bytes that are rendered to be sent. release_sending() must follow.
  void add_sending(std::int64_t bytes) {
    sending_.fetch_add(bytes, std::memory_order_relaxed);
    count(bytes);
    pool_->send(bytes);
    wake();
  }
  void release_sending(std::int64_t bytes) {
    bytes_.fetch_sub(bytes, std::memory_order_relaxed);
    sending_.fetch_sub(bytes, std::memory_order_relaxed);
    pool_->sent(bytes);
    wake();
  }

  /// Blocks until there is room, or until close().
  void wait_for_room() {
    while (true) {
      const auto seen = changes_.load(std::memory_order_acquire);
      if (is_let_go()) return;
      const BudgetPool::Waiting waiting(*pool_, *this);
      if (is_let_go()) return;
      changes_.wait(seen, std::memory_order_acquire);
    }
  }

  void close() {
    closed_.store(true, std::memory_order_release);
    wake();
  }

  /// Whether another answer may be read. With nothing in flight there is always room, since otherwise a large
  /// event would never be read. At most one answer may wait for the strand while the next one is read. In a
  /// process with one stream, the size of the answer, and of what rules will make of it, are assumed to be
  /// those of the last one. With several streams it has most_of_an_answer().
  bool has_room() const override {
    const std::int64_t waiting = undispatched_.load(std::memory_order_relaxed);
    return events() < most_events_ && waiting <= 1 && has_room_for_bytes();
  }
  bool has_room_for_bytes() const {
    const std::int64_t held =
        bytes() - sending_.load(std::memory_order_relaxed) + expected_.load(std::memory_order_relaxed);
    if (held <= 0) return true;
    const SharedBytes& pool = pool_->reading();
    if (pool.members() > 1) return pool.admits(held, portion_of(pool));
    const std::int64_t last = last_answer_.load(std::memory_order_relaxed);
    return pool.admits(held, last + made_of(last));
  }

  /// Whether the room for events will soon be used up, or that for the bytes of one more answer is.
  bool is_nearly_spent() const { return 4 * events() >= 3 * most_events_ || !has_room_for_bytes(); }

  /// The most bytes that the next answer should have, so that it fits with what rules will make of it.
  std::int64_t most_of_an_answer() const {
    const std::int64_t most = portion_of(pool_->reading());
    if (most == INT64_MAX) return most;
    return std::max<std::int64_t>(
        1, static_cast<std::int64_t>(static_cast<double>(most) / (1 + made_of_a_byte())));
  }

  /// How much of shared answers this stream should keep in memory. Nothing: it should copy what it needs.
  std::int64_t most_shared() const {
    const SharedBytes& pool = pool_->reading();
    return pool.is_scarce() ? 0 : pool.limit() / 4;
  }

  std::int64_t events() const { return events_.load(std::memory_order_relaxed); }
  std::int64_t bytes() const { return bytes_.load(std::memory_order_relaxed); }
  /// The highest value that bytes() ever had.
  std::int64_t peak_bytes() const { return peak_.load(std::memory_order_relaxed); }

 private:
  static std::int64_t portion_of(const SharedBytes& pool) {
    return pool.portion(pool.members(), SharedBytes::answer_part);
  }

  bool is_let_go() const { return closed_.load(std::memory_order_acquire) || has_room(); }

  /// What rules are expected to make of an answer: as much in proportion as of the last one.
  std::int64_t made_of(std::int64_t content) const {
    return static_cast<std::int64_t>(static_cast<double>(content) * made_of_a_byte());
  }
  double made_of_a_byte() const {
    constexpr double unknown = 4;  // rather much, if many streams begin at the same time
    const double known = made_of_a_byte_.load(std::memory_order_relaxed);
    if (known < 0) return pool_->reading().members() > 1 ? unknown : 0;
    return known;
  }

  void count(std::int64_t bytes) {
    const std::int64_t now = bytes_.fetch_add(bytes, std::memory_order_relaxed) + bytes;
    std::int64_t peak = peak_.load(std::memory_order_relaxed);
    while (now > peak && !peak_.compare_exchange_weak(peak, now, std::memory_order_relaxed)) {
    }
  }

  void wake() override {
    changes_.fetch_add(1, std::memory_order_acq_rel);
    changes_.notify_one();
  }

  const std::int64_t most_events_;
  const std::shared_ptr<BudgetPool> pool_;
  std::atomic<std::int64_t> events_{0};
  std::atomic<std::int64_t> bytes_{0};     ///< in total
  std::atomic<std::int64_t> sending_{0};   ///< the part of bytes_ that is rendered to be sent
  std::atomic<std::int64_t> expected_{0};  ///< what is going to be made of answers that are not dispatched
  std::atomic<std::int64_t> peak_{0};
  std::atomic<std::int64_t> last_answer_{0};
  std::atomic<double> made_of_a_byte_{
      -1};  ///< of the last answer that was dispatched; negative: there was none
  std::atomic<std::int64_t> undispatched_{0};
  std::atomic<std::uint32_t> changes_{0};
  std::atomic<bool> closed_{false};
};

}  // namespace sluice::flow
