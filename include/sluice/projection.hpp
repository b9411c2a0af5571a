#pragma once

#include <string_view>
#include <variant>

#include "sluice/effect.hpp"

namespace sluice {

/// A counter, said without events: how many documents of `source` hold the counted document's id in `field`.
struct Counted {
  const CounterPlan* plan;
  std::string_view source;  ///< the collection that is counted, in the plan's database
  std::string_view field;   ///< path of the id, or of the values
  bool values = false;  ///< each distinct value of an array, or the scalar, counts; a missing field does not
};

/// Copies, said without events: every target holds what the source that it refers to holds.
struct Copied {
  const CopyPlan* plan;
};

/// What a rule keeps true, as a computation over what stands in its sources at one moment. Events are the
/// cheap way to it; verification and backfill go this way. Everything it points to belongs to the rule.
using Projection = std::variant<Counted, Copied>;

}  // namespace sluice
