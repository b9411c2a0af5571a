#include "rules/shared/same_ids.hpp"

#include <algorithm>
#include <optional>

#include "core/aws_plan.hpp"

namespace sluice::rules {

namespace {

const AwsPlan* fifo_plan_of(const Rule& rule) {
  for (const DeliveryPlan* plan : rule.deliveries()) {
    const auto* one = dynamic_cast<const AwsPlan*>(plan);
    if (one != nullptr && one->service != AwsPlan::Service::event_bridge) return one;
  }
  return nullptr;
}

/// A target of both, or the template that makes them.
std::optional<std::string> common_target(const AwsPlan& one, const AwsPlan& other) {
  if (one.service != other.service) return std::nullopt;
  for (const std::string& target : one.targets) {
    if (std::ranges::find(other.targets, target) != other.targets.end()) return target;
  }
  return one.target == other.target ? std::optional(one.target) : std::nullopt;
}

bool read_the_same(const PlacedRule& one, const PlacedRule& other) {
  if (one.database != other.database) return false;
  for (const Subscription& mine : one.rule->subscriptions()) {
    for (const Subscription& its : other.rule->subscriptions()) {
      if (mine.may_share(its)) return true;
    }
  }
  return false;
}

}  // namespace

std::vector<SameIds> same_ids(const std::vector<PlacedRule>& rules) {
  std::vector<SameIds> found;
  for (std::size_t i = 0; i < rules.size(); ++i) {
    const AwsPlan* plan = fifo_plan_of(*rules[i].rule);
    for (std::size_t k = 0; k < i && plan != nullptr; ++k) {
      const AwsPlan* other = fifo_plan_of(*rules[k].rule);
      if (other == nullptr || plan->message_id != other->message_id) continue;
      const auto target = common_target(*plan, *other);
      if (!target || !read_the_same(rules[i], rules[k])) continue;
      found.push_back(
          {rules[i].name, rules[k].name, std::string(target_name(plan->service)) + " " + *target});
    }
  }
  return found;
}

}  // namespace sluice::rules
