#include "sinks/kafka/reports.hpp"

#include <algorithm>
#include <cassert>

namespace sluice::sinks::kafka {

void Reports::begin(std::size_t messages) {
  assert(pending() == 0);
  if (messages > capacity_) {
    slots_ = std::make_unique<Slot[]>(messages);
    capacity_ = messages;
    for (std::size_t i = 0; i < capacity_; ++i) slots_[i].reports = this;
  }
  for (std::size_t i = 0; i < messages; ++i) slots_[i].fate.store(unsent, std::memory_order_relaxed);
  messages_ = messages;
  sent_ = 0;
  answered_ = 0;
  failed_ = false;
}

Reports::Slot* Reports::expect(std::size_t index) {
  slots_[index].fate.store(sinks::kafka::pending, std::memory_order_relaxed);
  ++sent_;
  return &slots_[index];
}

void Reports::not_taken(std::size_t index, Fate fate) {
  if (slots_[index].fate.load(std::memory_order_relaxed) == sinks::kafka::pending) --sent_;
  slots_[index].fate.store(fate, std::memory_order_relaxed);
}

void Reports::forget() {
  messages_ = 0;
  sent_ = 0;
  answered_ = 0;
}

bool Reports::wait_until(flow::Time time) {
  awaited_ = sent_;
  if (pending() == 0) {
    awaited_ = nobody_waits;
    return true;
  }
  std::unique_lock lock(mutex_);
  const bool landed = landed_.wait_until(lock, time, [this] { return pending() == 0; });
  awaited_ = nobody_waits;
  return landed;
}

void Reports::delivered(void* slot, Fate fate) noexcept {
  auto& one = *static_cast<Slot*>(slot);
  Reports& reports = *one.reports;
  one.fate.store(fate, std::memory_order_release);
  if (fate != stored) reports.failed_.store(true, std::memory_order_relaxed);
  // Reports of a flight come from one thread. From here on the lane may start its next flight.
  const std::size_t answered = reports.answered_.load(std::memory_order_relaxed) + 1;
  reports.answered_.store(answered);
  if (answered != reports.awaited_.load()) return;
  const std::lock_guard lock(reports.mutex_);
  reports.landed_.notify_all();
}

}  // namespace sluice::sinks::kafka
