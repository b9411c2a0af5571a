#pragma once

#include <utility>
#include <vector>

#include "sluice/rule.hpp"
#include "source/expression.hpp"

namespace sluice::source {

/// Holds where the name of a collection at `path` ("$ns.coll") is one that the subscription reads.
Expression reads(const Subscription& subscription, const char* path);

/// Those that read one collection each, and those that read all that patterns match.
struct ByName {
  std::vector<Subscription> named;
  std::vector<Subscription> sets;
};
ByName by_name(const std::vector<Subscription>& subscriptions);

}  // namespace sluice::source
