#include "sinks/delivered.hpp"

#include <algorithm>

namespace sluice::sinks {

namespace {

const DeliverWrite& delivery(const Batch& batch, std::size_t i) {
  return std::get<DeliverWrite>(batch.writes[i]);
}

}  // namespace

std::vector<std::size_t> Delivered::missing_of(const Batch& batch, const Outlet& outlet) const {
  std::vector<std::size_t> indices;
  for (std::size_t i = 0; i < batch.writes.size(); ++i) {
    if (outlet.takes(batch.writes[i]) && !has(delivery(batch, i))) indices.push_back(i);
  }
  return indices;
}

void Delivered::remember(const Batch& batch, const Outlet& outlet, const std::vector<std::size_t>& sent,
                         bool committed) {
  if (!committed) {
    for (const std::size_t i : sent) known_.emplace(delivery(batch, i));
    return;
  }
  const auto taken = [&](const Write& write) { return outlet.takes(write); };
  const bool alone = std::ranges::all_of(batch.writes, taken);
  if (alone && known_.empty()) return;
  if (!alone) known_.clear();
  for (const Write& write : batch.writes) {
    if (!taken(write)) continue;
    const auto& one = std::get<DeliverWrite>(write);
    if (!alone) {
      known_.emplace(one);
    } else if (const auto found = known_.find(MessageKey::view(one)); found != known_.end()) {
      known_.erase(found);
    }
  }
}

}  // namespace sluice::sinks
