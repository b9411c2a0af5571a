#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "audit/counters.hpp"
#include "mongo/client.hpp"

namespace sluice::audit {

/// Compares all counters of a plan with their sources, both as of one cluster time. The server returns both
/// sorted by id and they are merged, so memory use does not depend on their number.
class CounterMerge {
 public:
  /// Called for each document in the counters' collection, and for each counted id without one.
  using Visit = std::function<std::optional<Error>(const CounterRow&)>;
  /// Called between batches with the number of counters compared since the last call.
  using Progress = std::function<void(std::int64_t targets)>;

  CounterMerge(mongo::ClientPool& pool, const Counted& counted, std::uint64_t at)
      : pool_(pool), counted_(counted), at_(at) {}

  std::optional<Error> run(const Visit& visit, const Progress& progress);

 private:
  std::optional<Error> lists(const Visit& visit);

  mongo::ClientPool& pool_;
  const Counted& counted_;
  std::uint64_t at_;
};

}  // namespace sluice::audit
