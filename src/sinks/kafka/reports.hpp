#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>

#include "flow/time.hpp"
#include "sinks/kafka/flight.hpp"

namespace sluice::sinks::kafka {

/// Carries delivery reports from the producer's thread to one lane. The lane calls all functions but
/// delivered(), which the producer's thread calls. A message's fate is one atomic word; only the report that
/// the lane waits for, the last one, takes the lock.
class Reports {
 public:
  /// What librdkafka hands back with the report of a message.
  struct Slot {
    std::atomic<Fate> fate;
    Reports* reports;
  };

  Reports() = default;
  Reports(const Reports&) = delete;
  Reports& operator=(const Reports&) = delete;

  /// Starts a flight of so many messages. The last flight must have landed.
  void begin(std::size_t messages);
  /// The message is about to be given to librdkafka. The slot is its opaque value.
  Slot* expect(std::size_t index);
  /// It was not taken, after expect(), or is not sent at all.
  void not_taken(std::size_t index, Fate fate);
  /// The producer was destroyed: what is still pending will not be reported.
  void forget();
  /// Waits until no message is pending, but at most until `time`. Returns whether none is.
  bool wait_until(flow::Time time);

  Fate fate(std::size_t index) const { return slots_[index].fate.load(std::memory_order_acquire); }
  /// Some message of the flight failed: no more of it should be sent.
  bool any_failed() const { return failed_.load(std::memory_order_relaxed); }
  std::size_t messages() const { return messages_; }
  std::size_t sent() const { return sent_; }
  std::size_t answered() const { return answered_.load(); }
  std::size_t pending() const { return sent_ - answered_.load(); }

  /// The delivery report of a message has come. `slot` is valid until the flight has landed.
  static void delivered(void* slot, Fate fate) noexcept;

 private:
  static constexpr std::size_t nobody_waits = SIZE_MAX;

  std::unique_ptr<Slot[]> slots_;  // atomics cannot be moved, as a vector would
  std::size_t capacity_ = 0;
  std::size_t messages_ = 0;
  std::size_t sent_ = 0;
  std::atomic<std::size_t> answered_ = 0;
  std::atomic<std::size_t> awaited_ = nobody_waits;  ///< the lane waits for this many answers
  std::atomic<bool> failed_ = false;
  std::mutex mutex_;
  std::condition_variable landed_;
};

}  // namespace sluice::sinks::kafka
