#include "sinks/outward.hpp"

#include <algorithm>

namespace sluice::sinks {

bool Outward::all_left(const Batch& batch) const {
  return std::ranges::all_of(batch.writes, [this](const Write& write) {
    return std::ranges::any_of(outlets_, [&](const auto& outlet) { return outlet->takes(write); });
  });
}

namespace {

/// For an error of an outlet that does not name its server because it has only one.
std::string server_of_first(const Outlet& outlet, const Batch& batch) {
  for (const Write& write : batch.writes) {
    if (outlet.takes(write)) return outlet.server_of(*std::get<DeliverWrite>(write).plan);
  }
  return {};
}

}  // namespace

/// A batch of messages alone stores no lane position. Its messages may be sent twice, so the stream's own
/// position, stored about once a second, is enough.
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
