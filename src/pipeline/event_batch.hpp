#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "flow/lane.hpp"
#include "sluice/arena.hpp"
#include "source/change_stream.hpp"

namespace sluice::pipeline {

/// A batch of events, from the server's answer until its last event is resolved. Owns all memory that effects
/// refer to. Used on the strand only.
struct EventBatch {
  explicit EventBatch(std::unique_ptr<source::StreamBatch> from)
      : source(std::move(from)), records(source->events.size()), unresolved(records.size()) {}

  std::unique_ptr<source::StreamBatch> source;
  Arena arena;
  std::vector<flow::EventRecord> records;
  std::size_t unresolved;
  std::size_t items = 0;     ///< effects offered to lanes
  std::int64_t charged = 0;  ///< bytes charged to the budget for what was made of the events
  std::uint64_t number = 0;  ///< the batch's number in the frontier
};

}  // namespace sluice::pipeline
