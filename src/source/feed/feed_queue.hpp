#pragma once

#include <atomic>
#include <cassert>
#include <condition_variable>
#include <memory>
#include <mutex>

#include <boost/lockfree/spsc_queue.hpp>

#include "flow/time.hpp"
#include "source/feed/feed_batch.hpp"

namespace sluice::source {

/// The batches on their way from a feed to one of its readers. The feed's thread pushes and the reader's
/// thread pops, without locks; a lock is taken only to sleep and to wake.
class FeedQueue {
 public:
  using Batch = std::shared_ptr<const FeedBatch>;

  /// The feed waits while a queue has this many batches.
  static constexpr std::size_t full = 64;
  /// How many batches a reader that joins may get at once, beside those.
  static constexpr std::size_t replayed = 32;

  ~FeedQueue() { discard(); }

  /// The feed's thread. There must be room.
  void push(Batch batch) {
    if (batch->queued.fetch_add(1) == 0)
      batch->bytes_queued->fetch_add(static_cast<std::int64_t>(batch->answer.size));
    [[maybe_unused]] const bool had_room = batches_.push(std::move(batch));
    assert(had_room);
    wake();
  }

  std::size_t length() const { return batches_.read_available(); }
  bool is_full() const { return length() >= full; }
  /// How often the reader has taken something. Any thread.
  std::uint64_t taken() const { return taken_.load(std::memory_order_relaxed); }
  bool empty() const { return length() == 0; }

  /// Whether the reader found the queue empty, and has taken nothing since. Any thread.
  bool is_hungry() const { return hungry_.load(std::memory_order_relaxed); }

  /// The reader's thread. The first batch, which stays in the queue, so that the feed can still take it away.
  /// Null if the queue is empty.
  Batch front() {
    Batch batch;
    // The feed may be emptying the queue.
    if (consuming_.exchange(true, std::memory_order_acquire)) return nullptr;
    if (batches_.read_available() > 0) batch = batches_.front();
    consuming_.store(false, std::memory_order_release);
    if (batch) hungry_.store(false, std::memory_order_relaxed);
    return batch;
  }

  /// The reader's thread: it has taken something of the first batch, `batch`, or (`all`) the rest of it.
  void took(const Batch& batch, bool all) {
    taken_.fetch_add(1, std::memory_order_relaxed);
    if (!all || consuming_.exchange(true, std::memory_order_acquire)) return;
    if (batches_.read_available() > 0 && batches_.front() == batch) {
      Batch first;
      batches_.pop(first);
      leave(*first);
    }
    consuming_.store(false, std::memory_order_release);
  }

  /// The reader's thread. Waits until there is a batch, the queue was ended, or the time is over.
  void wait(flow::Duration most) {
    std::unique_lock lock(mutex_);
    if (empty()) hungry_.store(true, std::memory_order_relaxed);
    woken_.wait_for(lock, most, [this] { return !empty() || has_ended(); });
  }

  /// The feed's thread: no more batches will come. The reader may take those that are there.
  void end() {
    ended_.store(true, std::memory_order_release);
    wake();
  }
  bool has_ended() const { return ended_.load(std::memory_order_acquire); }

  /// The feed's thread, while the reader does not read: the reader begins again, with an empty queue.
  void begin() {
    discard();
    ended_.store(false, std::memory_order_release);
  }

  /// Any thread: removes what the reader has not taken.
  void discard() {
    while (consuming_.exchange(true, std::memory_order_acquire)) {
    }
    batches_.consume_all([](const Batch& batch) { leave(*batch); });
    consuming_.store(false, std::memory_order_release);
  }

 private:
  static void leave(const FeedBatch& batch) {
    if (batch.queued.fetch_sub(1) == 1)
      batch.bytes_queued->fetch_sub(static_cast<std::int64_t>(batch.answer.size));
  }
  void wake() {
    { const std::lock_guard lock(mutex_); }
    woken_.notify_one();
  }

  boost::lockfree::spsc_queue<Batch, boost::lockfree::capacity<full + replayed>> batches_;
  std::atomic<bool> consuming_{false};  ///< held by the thread that takes batches out
  std::atomic<bool> ended_{false};
  std::atomic<bool> hungry_{false};
  std::atomic<std::uint64_t> taken_{0};
  std::mutex mutex_;
  std::condition_variable woken_;
};

}  // namespace sluice::source
