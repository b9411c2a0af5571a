#include "sinks/delivered.hpp"

#include <algorithm>

namespace sluice::sinks {

namespace {

constexpr std::size_t most_known = 1 << 16;  // far more messages than one lane has in its batches

const DeliverWrite& delivery(const Batch& batch, std::size_t i) {
  return std::get<DeliverWrite>(batch.writes[i]);
}

}  // namespace

void Delivered::forget(const MessageKey::View& key) {
  if (const auto found = known_.find(key); found != known_.end()) known_.erase(found);
}

void Delivered::forget_what_went_on(const Batch& batch, const Outlet& outlet) {
  if (went_on_.empty()) return;
  const auto first =
      std::ranges::find_if(batch.writes, [&](const Write& write) { return outlet.takes(write); });
  if (first == batch.writes.end()) return;
  if (MessageKey::Equal()(went_on_.front(), MessageKey::view(std::get<DeliverWrite>(*first)))) return;
  for (const MessageKey& key : went_on_) forget({key.plan, key.id});
  went_on_.clear();
}

std::vector<std::size_t> Delivered::missing_of(const Batch& batch, const Outlet& outlet) {
  forget_what_went_on(batch, outlet);
  std::vector<std::size_t> indices;
  for (std::size_t i = 0; i < batch.writes.size(); ++i) {
    if (outlet.takes(batch.writes[i]) && !has(delivery(batch, i))) indices.push_back(i);
  }
  return indices;
}

void Delivered::remember(const Batch& batch, const Outlet& outlet, const std::vector<std::size_t>& sent,
                         bool committed) {
  if (known_.size() > most_known) known_.clear();
  if (!committed) {
    for (const std::size_t i : sent) known_.emplace(delivery(batch, i));
    return;
  }
  const auto taken = [&](const Write& write) { return outlet.takes(write); };
  const bool alone = std::ranges::all_of(batch.writes, taken);
  if (alone && known_.empty()) return;
  if (!alone) went_on_.clear();
  for (const Write& write : batch.writes) {
    if (!taken(write)) continue;
    const auto& one = std::get<DeliverWrite>(write);
    if (alone) {
      forget(MessageKey::view(one));
    } else {
      known_.emplace(one);
      went_on_.emplace_back(one);
    }
  }
  while (alone && !went_on_.empty() && !known_.contains(went_on_.front())) went_on_.pop_front();
}

}  // namespace sluice::sinks
