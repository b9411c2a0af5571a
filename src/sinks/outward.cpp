#include "sinks/outward.hpp"

#include <algorithm>

namespace sluice::sinks {

bool Outward::all_left(const Batch& batch) const {
  return std::ranges::all_of(batch.writes, [this](const Write& write) {
    return std::ranges::any_of(outlets_, [&](const auto& outlet) { return outlet->takes(write); });
  });
}

namespace {

/// An outlet of one server alone need not say which.
std::string server_of_first(const Outlet& outlet, const Batch& batch) {
  for (const Write& write : batch.writes) {
    if (outlet.takes(write)) return outlet.server_of(*std::get<DeliverWrite>(write).plan);
  }
  return {};
}

}  // namespace

/// A lane that only publishes stores no position of its own: the stream's, which is stored about once a
/// second, is enough for what may be sent twice.
Outcome Outward::commit(const Batch& batch) {
  std::uint64_t documents = 0;
  for (const auto& outlet : outlets_) {
    Outcome outcome = outlet->send(batch);
    if (!outcome.committed) {
      if (outcome.outlet.empty()) outcome.outlet = server_of_first(*outlet, batch);
      return outcome;
    }
    documents += outcome.documents;
  }
  Outcome outcome;
  if (!outlets_.empty() && all_left(batch)) {
    outcome.committed = true;
    outcome.position_moved = false;
  } else {
    outcome = inner_->commit(batch);
  }
  outcome.documents += documents;
  return outcome;
}

}  // namespace sluice::sinks
