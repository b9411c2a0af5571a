#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "audit/counters.hpp"
#include "mongo/client.hpp"

namespace sluice::audit {

/// Goes through all counters of a plan as they stood at one moment, beside what their sources said then. Both
/// come sorted from the server, side by side, so that memory stays flat however large they are.
class CounterMerge {
 public:
  /// Called for each document that holds a counter, and for each id that is counted without one.
  using Visit = std::function<std::optional<Error>(const CounterRow&)>;
  /// Called between batches with the number of counters looked at since the last call.
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
