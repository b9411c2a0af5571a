#pragma once

#include <string_view>
#include <variant>

#include "sluice/effect.hpp"

namespace sluice {

/// The correct value of a counter: the number of documents in `source` that hold the counted document's id in
/// `field`.
struct Counted {
  const CounterPlan* plan;
  std::string_view source;  ///< the collection whose documents are counted, in the plan's database
  std::string_view field;   ///< path of the id, or of the values
  /// `field` holds values rather than one id: a scalar counts once, an array once for each distinct value.
  bool values = false;
};

/// The correct values of copies: each target document holds what the source document that it refers to holds.
struct Copied {
  const CopyPlan* plan;
};

/// What a rule maintains, as a computation over its source collections at one moment. `sluice verify`,
/// `--repair` and `--backfill` compute it; at all other times events keep the result up to date. Points into
/// the rule.
using Projection = std::variant<Counted, Copied>;

}  // namespace sluice
