#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "sluice/rule.hpp"

namespace sluice::source {

/// One rule's subscription to one collection. Where the server decides which events it is for, the
/// subscription has a number: events that are for it contain the number in sluiceWants.
struct NumberedSubscription {
  Subscription subscription;
  std::uint16_t rule = 0;              ///< the rule's index
  std::optional<std::int64_t> number;  ///< set only if the server decides which events it is for
};

/// All subscriptions, in the order of their rules. This is the only place that assigns numbers: the
/// server-side filter and the table that reads its answers are both made from this list.
std::vector<NumberedSubscription> number_subscriptions(const std::vector<std::unique_ptr<Rule>>& rules);

/// The same for subscriptions that have no rules; the rule's index is 0.
std::vector<NumberedSubscription> number_subscriptions(const std::vector<Subscription>& subscriptions);

}  // namespace sluice::source
