#include <utility>

#include "core/handler_plan.hpp"
#include "rules/registry.hpp"
#include "rules/shared/collection_names.hpp"
#include "rules/shared/selection.hpp"

namespace sluice::rules {

namespace {

/// Passes each change to a function of the program, in the order of each document's changes.
class HandlerRule final : public Rule {
 public:
  HandlerRule(std::string name, HandlerPlan plan, std::vector<Subscription> subscriptions, bool snapshot)
      : Rule(std::move(name)),
        plan_(std::move(plan)),
        subscriptions_(std::move(subscriptions)),
        snapshot_(snapshot) {}

  std::vector<Subscription> subscriptions() const override { return subscriptions_; }
  std::vector<const DeliveryPlan*> deliveries() const override { return {&plan_}; }
  bool begins_with_snapshot() const override { return snapshot_; }
  bool has_snapshots() const override { return true; }
  bool keeps_state() const override { return false; }

  std::string fingerprint() const override {
    std::string text = "handler";
    for (const Subscription& one : subscriptions_) text += " " + one.collection;
    return text;
  }

  void apply(const ChangeEvent& event, Effects& effects) const override {
    std::string id = name() + "-";
    id += event.token_data;
    // A snapshot's token contains the name of the run. A change that a replay reads again gets that name too,
    // so that it counts as another message.
    if (!event.snapshot_run.empty() && event.operation != Operation::snapshot) {
      id += '-';
      id += event.snapshot_run;
    }
    Arena& arena = effects.arena();
    Message message;
    message.id = arena.keep(std::string_view(id));
    message.payload = event.document;
    effects.add(Deliver{&plan_, arena.keep(message)},
                bson::Identity(event.id).hash(bson::stable_hash(event.collection, 0)));
  }

 private:
  HandlerPlan plan_;
  std::vector<Subscription> subscriptions_;
  bool snapshot_;
};

}  // namespace

std::unique_ptr<Rule> make_handler(const RuleConfig& rule, const std::string& database) {
  HandlerPlan plan;
  plan.handler = rule.handler;
  const bool snapshot = rule.settings.choice("snapshot", {"none", "first"}, "none") == "first";
  return std::make_unique<HandlerRule>(
      rule.name, std::move(plan),
      read_selections(rule.settings, read_from(rule, database), Tells::of_collections), snapshot);
}

}  // namespace sluice::rules
