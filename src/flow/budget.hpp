#pragma once

#include <atomic>
#include <cstdint>

namespace sluice::flow {

/// Limits what one stream has in memory, in events and in bytes: events that are read and not yet resolved,
/// what rules made of them, and what is rendered to be sent. The reader adds answers and waits for room; the
/// strand releases. While the budget is spent, the reader does not read the cursor, so the backpressure
/// reaches the server.
///
/// Thread-safe and lock-free; updated once for each batch, not for each event.
class Budget {
 public:
  /// Reading may use three quarters of `bytes`; the rest is for sending (see SendAllowance).
  Budget(std::int64_t events, std::int64_t bytes) : most_events_(events), most_bytes_(bytes) {}

  /// Bytes that all lanes together may render and send at the same time.
  std::int64_t most_sending() const { return most_bytes_ / 4; }

  /// The reader has read an answer and posted it to the strand.
  void add(std::int64_t events, std::int64_t bytes) {
    undispatched_.fetch_add(1, std::memory_order_relaxed);
    last_answer_.store(bytes, std::memory_order_relaxed);
    events_.fetch_add(events, std::memory_order_relaxed);
    charge(bytes);
  }

  /// The strand has dispatched an answer; `made` is the bytes that rules made of it.
  void dispatched(std::int64_t made) {
    charge(made);
    last_made_.store(made, std::memory_order_relaxed);
    undispatched_.fetch_sub(1, std::memory_order_relaxed);
    change();
  }

  void release(std::int64_t events, std::int64_t bytes) {
    events_.fetch_sub(events, std::memory_order_relaxed);
    bytes_.fetch_sub(bytes, std::memory_order_relaxed);
    change();
  }

  /// Adds bytes that are rendered to be sent. release_sending() must follow.
  void add_sending(std::int64_t bytes) {
    charge(bytes);
    sending_.fetch_add(bytes, std::memory_order_relaxed);
    change();
  }
  void release_sending(std::int64_t bytes) {
    sending_.fetch_sub(bytes, std::memory_order_relaxed);
    release(0, bytes);
  }

  /// Blocks until there is room, or until close().
  void wait_for_room() const {
    while (true) {
      const auto seen = changes_.load(std::memory_order_acquire);
      if (closed_.load(std::memory_order_acquire) || has_room()) return;
      changes_.wait(seen, std::memory_order_acquire);
    }
  }

  void close() {
    closed_.store(true, std::memory_order_release);
    change();
  }

  /// Whether another answer may be read. Its size, and the size of what rules will make of it, are assumed to
  /// be those of the last one. With nothing in flight there is always room, since otherwise a large event
  /// would never be read. At most one answer may wait for the strand while the next one is read.
  bool has_room() const {
    const std::int64_t waiting = undispatched_.load(std::memory_order_relaxed);
    if (events() >= most_events_ || waiting > 1) return false;
    const std::int64_t held = bytes() - sending_.load(std::memory_order_relaxed);
    const std::int64_t expected = last_answer_.load(std::memory_order_relaxed) +
                                  (waiting + 1) * last_made_.load(std::memory_order_relaxed);
    return held <= 0 || held + expected <= most_bytes_ - most_sending();
  }

  std::int64_t events() const { return events_.load(std::memory_order_relaxed); }
  std::int64_t bytes() const { return bytes_.load(std::memory_order_relaxed); }
  /// The highest value that bytes() ever had.
  std::int64_t peak_bytes() const { return peak_.load(std::memory_order_relaxed); }

 private:
  void charge(std::int64_t bytes) {
    const std::int64_t now = bytes_.fetch_add(bytes, std::memory_order_relaxed) + bytes;
    std::int64_t peak = peak_.load(std::memory_order_relaxed);
    while (now > peak && !peak_.compare_exchange_weak(peak, now, std::memory_order_relaxed)) {
    }
  }

  void change() {
    changes_.fetch_add(1, std::memory_order_acq_rel);
    changes_.notify_one();
  }

  const std::int64_t most_events_;
  const std::int64_t most_bytes_;
  std::atomic<std::int64_t> events_{0};
  std::atomic<std::int64_t> bytes_{0};    ///< in total
  std::atomic<std::int64_t> sending_{0};  ///< the part of bytes_ that is rendered to be sent
  std::atomic<std::int64_t> peak_{0};
  std::atomic<std::int64_t> last_answer_{0};
  std::atomic<std::int64_t> last_made_{0};
  std::atomic<std::int64_t> undispatched_{0};
  std::atomic<std::uint32_t> changes_{0};
  std::atomic<bool> closed_{false};
};

}  // namespace sluice::flow
