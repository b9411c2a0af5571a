#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "sluice/rule.hpp"

namespace sluice::source {

/// What one rule reads of one collection, and the number by which the server names it in events that it is
/// for (sluiceWants).
struct NumberedSubscription {
  Subscription subscription;
  std::uint16_t rule = 0;              ///< its index
  std::optional<std::int64_t> number;  ///< only where the server decides which events it is for
};

/// All subscriptions in the order of their rules. Numbers are given here and nowhere else: the filter that the
/// server runs and the table that reads its answers are both made from this list.
std::vector<NumberedSubscription> number_subscriptions(const std::vector<std::unique_ptr<Rule>>& rules);

/// The same for subscriptions without rules.
std::vector<NumberedSubscription> number_subscriptions(const std::vector<Subscription>& subscriptions);

}  // namespace sluice::source
