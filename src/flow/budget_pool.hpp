#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace sluice::flow {

/// Bytes that members share: the streams of a process, and its feeds. Thread-safe and lock-free.
///
/// A member alone may use all of them. Of several, each has a share that the others leave free; the shares
/// are a third of all. Beyond its share, a member may use at most as much as is then still free. So one that
/// gives nothing back for a long time leaves half of the common bytes to the others, two leave a third.
class SharedBytes {
 public:
  explicit SharedBytes(std::int64_t limit) : limit_(limit) {}

  void join() { members_.fetch_add(1); }
  void leave() { members_.fetch_sub(1); }
  void take(std::int64_t bytes) { used_.fetch_add(bytes); }
  void give(std::int64_t bytes) { used_.fetch_sub(bytes); }

  std::int64_t limit() const { return limit_; }
  std::int64_t used() const { return used_.load(); }
  std::int64_t members() const { return std::max<std::int64_t>(1, members_.load()); }

  /// What a member may use in any case.
  std::int64_t share() const { return share_of(members()); }
  /// What is free beside the shares of other members. Negative if they use their shares while all else is
  /// used.
  std::int64_t free() const { return common_of(members()) - used(); }

  /// Whether a member that uses `held` bytes may take more.
  bool admits(std::int64_t held, std::int64_t bytes) const {
    const std::int64_t all = members();
    if (all == 1) return held + bytes <= limit_;
    return held + bytes <= share_of(all) || held + bytes <= common_of(all) - used();
  }

  /// The most that a member should take at once: one `part` of what is free, so that as many members may do
  /// so at the same time, and at most one `most_part` of all. Without limit for a single member.
  std::int64_t portion(std::int64_t part, std::int64_t most_part) const {
    const std::int64_t all = members();
    if (all == 1) return INT64_MAX;
    const std::int64_t common = common_of(all);
    return std::max(
        {share_of(all) / 2, std::min(common / most_part, (common - used()) / part), std::int64_t{1}});
  }
  /// The part of all that one answer should have at most.
  static constexpr std::int64_t answer_part = 8;

  /// Whether so little is free that an answer of the largest size does not fit.
  bool is_scarce() const {
    const std::int64_t all = members();
    return all > 1 && common_of(all) - used() < common_of(all) / answer_part;
  }

 private:
  std::int64_t share_of(std::int64_t members) const { return members == 1 ? limit_ : limit_ / (3 * members); }
  std::int64_t common_of(std::int64_t members) const { return limit_ - (members - 1) * share_of(members); }

  const std::int64_t limit_;
  std::atomic<std::int64_t> used_{0};
  std::atomic<std::int64_t> members_{0};
};

/// The memory of a process for events: `--queue-mb`. Three quarters are for what is read and not yet resolved
/// and what rules made of it, a quarter is for what is being sent. The budgets of streams (see Budget) and
/// the feeds are its members.
///
/// Thread-safe. It is updated once for each batch, without a lock unless a reader waits for room.
class BudgetPool {
 public:
  /// Somebody who waits until other members have given enough back.
  class Waiter {
   public:
    virtual bool has_room() const = 0;
    virtual void wake() = 0;

   protected:
    ~Waiter() = default;
  };

  /// While it exists, its waiter is woken when something was given back and there is room for it. Who waits
  /// must look once more whether there is room after making it.
  class Waiting {
   public:
    Waiting(BudgetPool& pool, Waiter& waiter) : pool_(pool), waiter_(waiter) {
      const std::lock_guard lock(pool_.mutex_);
      pool_.waiters_.push_back(&waiter_);
      pool_.waiting_.fetch_add(1);
    }
    ~Waiting() {
      const std::lock_guard lock(pool_.mutex_);
      std::erase(pool_.waiters_, &waiter_);
      pool_.waiting_.fetch_sub(1);
    }
    Waiting(const Waiting&) = delete;
    Waiting& operator=(const Waiting&) = delete;

   private:
    BudgetPool& pool_;
    Waiter& waiter_;
  };

  explicit BudgetPool(std::int64_t bytes) : reading_(bytes - bytes / 4), sending_(bytes / 4) {}

  void join() {
    reading_.join();
    sending_.join();
  }
  void leave() {
    reading_.leave();
    sending_.leave();
    wake_waiters();
  }

  /// Something was read, or made of what was read.
  void hold(std::int64_t bytes) {
    reading_.take(bytes);
    count(bytes);
  }
  void let_go(std::int64_t bytes) {
    bytes_.fetch_sub(bytes, std::memory_order_relaxed);
    reading_.give(bytes);
    wake_waiters();
  }

  /// So much is about to be made of what was read. unexpect() must follow.
  void expect(std::int64_t bytes) { reading_.take(bytes); }
  void unexpect(std::int64_t bytes) {
    if (bytes == 0) return;
    reading_.give(bytes);
    wake_waiters();
  }

  void send(std::int64_t bytes) {
    sending_.take(bytes);
    count(bytes);
  }
  void sent(std::int64_t bytes) {
    bytes_.fetch_sub(bytes, std::memory_order_relaxed);
    sending_.give(bytes);
  }

  const SharedBytes& reading() const { return reading_; }
  const SharedBytes& sending() const { return sending_; }

  /// All that is in memory. What is only expected is not part of it.
  std::int64_t bytes() const { return bytes_.load(std::memory_order_relaxed); }
  /// The highest value that bytes() ever had.
  std::int64_t peak_bytes() const { return peak_.load(std::memory_order_relaxed); }

 private:
  void count(std::int64_t bytes) {
    const std::int64_t now = bytes_.fetch_add(bytes, std::memory_order_relaxed) + bytes;
    std::int64_t peak = peak_.load(std::memory_order_relaxed);
    while (now > peak && !peak_.compare_exchange_weak(peak, now, std::memory_order_relaxed)) {
    }
  }

  /// Wakes those for which there is room now, and no others. A waiter counts itself before it looks for room
  /// the last time, and bytes are given back before the waiters are counted here. So one of the two sees the
  /// other.
  void wake_waiters() {
    if (waiting_.load() == 0) return;
    const std::lock_guard lock(mutex_);
    for (Waiter* const waiter : waiters_) {
      if (waiter->has_room()) waiter->wake();
    }
  }

  SharedBytes reading_;
  SharedBytes sending_;
  std::atomic<std::int64_t> bytes_{0};
  std::atomic<std::int64_t> peak_{0};
  std::atomic<int> waiting_{0};
  std::mutex mutex_;
  std::vector<Waiter*> waiters_;  ///< guarded by the mutex; at most one for each stream
};

/// A membership of a pool.
class PoolMembership {
 public:
  explicit PoolMembership(std::shared_ptr<BudgetPool> pool) : pool_(std::move(pool)) { pool_->join(); }
  ~PoolMembership() { pool_->leave(); }
  PoolMembership(const PoolMembership&) = delete;
  PoolMembership& operator=(const PoolMembership&) = delete;

 private:
  const std::shared_ptr<BudgetPool> pool_;
};

/// Bytes of a pool that are held as long as this exists.
class PoolCharge {
 public:
  PoolCharge() = default;
  PoolCharge(std::shared_ptr<BudgetPool> pool, std::int64_t bytes) : pool_(std::move(pool)), bytes_(bytes) {
    pool_->hold(bytes_);
  }
  ~PoolCharge() {
    if (pool_) pool_->let_go(bytes_);
  }
  PoolCharge(PoolCharge&& other) noexcept : pool_(std::move(other.pool_)), bytes_(other.bytes_) {}
  PoolCharge& operator=(PoolCharge&& other) noexcept {
    std::swap(pool_, other.pool_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }

 private:
  std::shared_ptr<BudgetPool> pool_;
  std::int64_t bytes_ = 0;
};

}  // namespace sluice::flow
