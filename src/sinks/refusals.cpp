#include "sinks/refusals.hpp"

#include <utility>

namespace sluice::sinks {

bool Refusals::report(const Batch& batch, const std::vector<std::size_t>& missing, Outcome& outcome) {
  if (known_.empty()) return false;
  for (const std::size_t i : missing) {
    const auto found = known_.find(MessageKey::view(std::get<DeliverWrite>(batch.writes[i])));
    if (found == known_.end()) continue;
    outcome.error = std::move(found->second);
    outcome.failed_write = i;
    known_.erase(found);
    return true;
  }
  return false;
}

void Refusals::add(const Batch& batch, std::size_t i, Error error, Outcome& outcome) {
  if (outcome.error && outcome.error->kind == ErrorKind::own_fault) {
    if (known_.size() >= most) known_.clear();
    known_.insert_or_assign(MessageKey(std::get<DeliverWrite>(batch.writes[i])), std::move(error));
    return;
  }
  outcome.error = std::move(error);
  outcome.failed_write = i;
}

}  // namespace sluice::sinks
