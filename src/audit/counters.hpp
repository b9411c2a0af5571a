#pragma once

#include <cstdint>
#include <vector>

#include "sluice/bson_builder.hpp"
#include "sluice/projection.hpp"

namespace sluice::audit {

/// A counter and the value that it should have by its sources.
struct CounterRow {
  bson::Value id;
  std::int64_t truth = 0;  ///< number of occurrences in the sources
  bson::Value found;       ///< the counter's value; absent if the field or its document is missing
  bool here = false;       ///< the document that has the counter exists

  /// The counter as an integer; 0 if it is missing. Absent if the value is not an integer.
  std::optional<std::int64_t> number() const;

  /// Reads a result of append_counter_audit(). The row refers to `document`.
  static CounterRow read(bson::View document);
};

/// Appends an aggregate on the plan's collection that gives a CounterRow for each of `ids` that has a counter
/// or occurs in the sources. The server joins the counters with their sources.
void append_counter_audit(bson::Builder& out, const Counted& counted, const std::vector<bson::Value>& ids);

}  // namespace sluice::audit
