#pragma once

#include <atomic>
#include <cstdint>

namespace sluice::flow {

/// How much may be read and unresolved at once, in events and in bytes. The reader adds and waits; the strand
/// takes away. While it is spent the cursor is not read, and the pressure reaches the server.
/// Thread-safe; no lock is taken, and nothing is done for each event.
class Budget {
 public:
  Budget(std::int64_t events, std::int64_t bytes) : most_events_(events), most_bytes_(bytes) {}

  void add(std::int64_t events, std::int64_t bytes) {
    events_.fetch_add(events, std::memory_order_relaxed);
    bytes_.fetch_add(bytes, std::memory_order_relaxed);
  }

  void release(std::int64_t events, std::int64_t bytes) {
    events_.fetch_sub(events, std::memory_order_relaxed);
    bytes_.fetch_sub(bytes, std::memory_order_relaxed);
    change();
  }

  /// Blocks until there is room, or until close(). What is read next is not known beforehand, so one batch
  /// may go over the limit; the next waits.
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

  bool has_room() const { return events() < most_events_ && bytes() < most_bytes_; }
  std::int64_t events() const { return events_.load(std::memory_order_relaxed); }
  std::int64_t bytes() const { return bytes_.load(std::memory_order_relaxed); }

 private:
  void change() {
    changes_.fetch_add(1, std::memory_order_acq_rel);
    changes_.notify_one();
  }

  const std::int64_t most_events_;
  const std::int64_t most_bytes_;
  std::atomic<std::int64_t> events_{0};
  std::atomic<std::int64_t> bytes_{0};
  std::atomic<std::uint32_t> changes_{0};
  std::atomic<bool> closed_{false};
};

}  // namespace sluice::flow
