#pragma once

#include <utility>
#include <vector>

#include "sluice/rule.hpp"
#include "source/expression.hpp"

namespace sluice::source {

/// True if the collection name at `path` (for example "$ns.coll") is one that the subscription reads.
Expression reads(const Subscription& subscription, const char* path);

/// Subscriptions divided into those to one collection and those to all collections that patterns match.
struct ByName {
  std::vector<Subscription> named;
  std::vector<Subscription> sets;
};
ByName by_name(const std::vector<Subscription>& subscriptions);

}  // namespace sluice::source
