#pragma once

#include <cstdint>
#include <vector>

#include "sluice/bson_builder.hpp"
#include "sluice/projection.hpp"

namespace sluice::audit {

/// A counter beside what its sources say.
struct CounterRow {
  bson::Value id;
  std::int64_t truth = 0;  ///< how many there are
  bson::Value found;       ///< what the counter holds; absent where there is no counter
  bool here = false;       ///< the document that holds it exists

  /// The counter as a number, a missing one as 0; nothing for what cannot be counted on.
  std::optional<std::int64_t> number() const;

  /// A view into `document`.
  static CounterRow read(bson::View document);
};

/// Appends an aggregate on the plan's collection that gives a CounterRow for each of some ids that there is a
/// counter for, or something to count. The server joins them with their sources.
void append_counter_audit(bson::Builder& out, const Counted& counted, const std::vector<bson::Value>& ids);

}  // namespace sluice::audit
