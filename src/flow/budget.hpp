#pragma once

#include <atomic>
#include <cstdint>

namespace sluice::flow {

/// How much one stream may have in memory at once, in events and in bytes: what was read and is not resolved,
/// what rules made of it, and what is rendered to be sent. The reader adds answers and waits; the strand
/// takes away. While it is spent the cursor is not read, and the pressure reaches the server. Thread-safe; no
/// lock is taken, and nothing is done for each event.
class Budget {
 public:
  /// Of `bytes` the reader leaves free what sending may take, a quarter (see SendAllowance).
  Budget(std::int64_t events, std::int64_t bytes) : most_events_(events), most_bytes_(bytes) {}

  /// What lanes may render at once.
  std::int64_t most_sending() const { return most_bytes_ / 4; }

  /// An answer was read, and is on its way to the strand. Called by the reader.
  void add(std::int64_t events, std::int64_t bytes) {
    undispatched_.fetch_add(1, std::memory_order_relaxed);
    last_answer_.store(bytes, std::memory_order_relaxed);
    events_.fetch_add(events, std::memory_order_relaxed);
    charge(bytes);
  }

  /// The strand has gone through an answer, and made so many bytes of it.
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

  /// Bytes that are rendered to be sent; release_sending() follows.
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

  /// Whether another answer may be read. How large it will be, and what rules will make of it, is not known
  /// beforehand: it is taken to be as large as the last one. Where nothing is in flight there is always room,
  /// or a large event would never be read. At most one answer waits for the strand when the next is asked
  /// for.
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
  /// The most bytes there ever were.
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
  std::atomic<std::int64_t> bytes_{0};    ///< all of them
  std::atomic<std::int64_t> sending_{0};  ///< of these, what is rendered to be sent
  std::atomic<std::int64_t> peak_{0};
  std::atomic<std::int64_t> last_answer_{0};
  std::atomic<std::int64_t> last_made_{0};
  std::atomic<std::int64_t> undispatched_{0};
  std::atomic<std::uint32_t> changes_{0};
  std::atomic<bool> closed_{false};
};

}  // namespace sluice::flow
