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

/// A queue stated by its name, URL or ARN. Without an account it is that of the credentials, which may be
/// any. Queues of other regions than the worker's cannot be published to, so the region does not matter.
struct Queue {
  std::string_view account;
  std::string_view name;

  explicit Queue(std::string_view target) : name(target) {
    const bool arn = target.starts_with("arn:");
    if (!arn && target.find("://") == std::string_view::npos) return;
    const char separator = arn ? ':' : '/';
    const auto before_name = target.rfind(separator);
    name = target.substr(before_name + 1);
    const std::string_view rest = target.substr(0, before_name);
    account = rest.substr(rest.rfind(separator) + 1);
  }

  bool may_be(const Queue& other) const {
    return name == other.name && (account.empty() || other.account.empty() || account == other.account);
  }
};

bool may_be_same(const AwsPlan& plan, const std::string& one, const std::string& other) {
  return one == other || (plan.service == AwsPlan::Service::sqs && Queue(one).may_be(Queue(other)));
}

/// A target of both, or the template that makes them.
std::optional<std::string> common_target(const AwsPlan& one, const AwsPlan& other) {
  if (one.service != other.service) return std::nullopt;
  for (const std::string& target : one.targets) {
    const auto same = [&](const std::string& its) { return may_be_same(one, target, its); };
    if (std::ranges::any_of(other.targets, same)) return target;
  }
  return may_be_same(one, one.target, other.target) ? std::optional(one.target) : std::nullopt;
}

bool share_operation(const Subscription& one, const Subscription& other) {
  return (one.inserts && other.inserts) || (one.replaces && other.replaces) ||
         (one.updates && other.updates) || (one.deletes && other.deletes) || (one.drops && other.drops) ||
         (one.renames && other.renames);
}

/// Whether events of two operations have different ids.
bool tells_operations_apart(const AwsPlan& plan) {
  return plan.message_id.find("{token}") != std::string::npos ||
         plan.message_id.find("{op}") != std::string::npos;
}

bool read_the_same(const PlacedRule& one, const PlacedRule& other, bool same_operation) {
  if (one.database != other.database) return false;
  // A snapshot's messages are of no operation, and their ids are the same for all rules.
  if (one.rule->begins_with_snapshot() && other.rule->begins_with_snapshot()) same_operation = false;
  for (const Subscription& mine : one.rule->subscriptions()) {
    for (const Subscription& its : other.rule->subscriptions()) {
      if (mine.may_share(its) && (!same_operation || share_operation(mine, its))) return true;
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
      if (!target || !read_the_same(rules[i], rules[k], tells_operations_apart(*plan))) continue;
      found.push_back(
          {rules[i].name, rules[k].name, std::string(target_name(plan->service)) + " " + *target});
    }
  }
  return found;
}

}  // namespace sluice::rules
