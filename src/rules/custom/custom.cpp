#include "rules/custom/custom.hpp"

#include <utility>

#include "rules/custom/guarded_rule.hpp"
#include "rules/shared/collection_names.hpp"
#include "rules/shared/selection.hpp"

namespace sluice::rules {

namespace {

std::unique_ptr<Rule> make_custom_rule(const RuleConfig& rule, const std::string& database,
                                       const RuleType& type) {
  std::vector<Subscription> subscriptions;
  if (type.selects) {
    subscriptions = read_selections(rule.settings, read_from(rule, database), Tells::of_documents);
  }
  const CustomSettings settings(rule.settings, type.settings);
  return call_factory(rule, [&]() -> std::unique_ptr<Rule> {
    auto made = type.make({rule.name, database, settings, std::move(subscriptions)});
    if (!made) return nullptr;
    return std::make_unique<GuardedRule>(rule.name, std::move(made));
  });
}

}  // namespace

bool is_custom_sink(const RuleConfig& rule) {
  return rule.extensions && rule.extensions->sink(rule.kind) != nullptr;
}

std::unique_ptr<Rule> make_custom(const RuleConfig& rule, const std::string& database) {
  if (!rule.extensions) return nullptr;
  if (const SinkType* sink = rule.extensions->sink(rule.kind)) return make_custom_sink(rule, database, *sink);
  const RuleType* type = rule.extensions->rule(rule.kind);
  return type == nullptr ? nullptr : make_custom_rule(rule, database, *type);
}

}  // namespace sluice::rules
