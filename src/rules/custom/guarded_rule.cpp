#include "rules/custom/guarded_rule.hpp"

#include <algorithm>
#include <exception>
#include <stdexcept>
#include <utility>

namespace sluice::rules {

namespace {

struct PlanOf {
  const void* operator()(const Counted& counted) const { return counted.plan; }
  const void* operator()(const Copied& copied) const { return copied.plan; }
};

/// The reason why an effect cannot be carried out; empty if it can.
class Objection {
 public:
  explicit Objection(const std::vector<const void*>& plans) : plans_(plans) {}

  std::string operator()(const Increment& effect) const { return of_write(effect.plan, effect.id); }
  std::string operator()(const Refresh& effect) const { return of_write(effect.plan, effect.source_id); }
  std::string operator()(const Fill& effect) const { return of_write(effect.plan, effect.target_id); }
  std::string operator()(const Put& effect) const { return of_write(effect.plan, effect.id); }
  std::string operator()(const Reject& effect) const {
    return effect.reason == nullptr ? "it rejects the event without a reason" : "";
  }
  std::string operator()(const Deliver&) const {
    return "it makes a message, which is for a registered sink to deliver";
  }

 private:
  std::string of_write(const void* plan, const bson::Value& id) const {
    if (std::ranges::find(plans_, plan) == plans_.end())
      return "an effect has a plan that neither documents() nor projections() returns";
    return id ? "" : "an effect names no _id";
  }

  const std::vector<const void*>& plans_;
};

void check(const Rule& rule, const std::vector<Subscription>& subscriptions) {
  if (subscriptions.empty()) throw std::invalid_argument("subscriptions() is empty, so it would see nothing");
  for (const Subscription& one : subscriptions) {
    if (one.collection.empty() && !one.set) throw std::invalid_argument("a subscription names no collection");
  }
  if (!rule.deliveries().empty())
    throw std::invalid_argument("deliveries() is not empty; messages are for a registered sink to deliver");
}

}  // namespace

GuardedRule::GuardedRule(std::string name, std::unique_ptr<const Rule> inner)
    : Rule(std::move(name)),
      inner_(std::move(inner)),
      subscriptions_(inner_->subscriptions()),
      indexes_(inner_->indexes()),
      projections_(inner_->projections()),
      documents_(inner_->documents()),
      has_snapshots_(inner_->has_snapshots()),
      begins_with_snapshot_(inner_->begins_with_snapshot()),
      keeps_state_(inner_->keeps_state()),
      orders_by_(inner_->orders_across_documents_by()),
      fingerprint_(inner_->fingerprint()) {
  check(*inner_, subscriptions_);
  for (const Projection& one : projections_) plans_.push_back(std::visit(PlanOf{}, one));
  plans_.insert(plans_.end(), documents_.begin(), documents_.end());
  if (std::ranges::find(plans_, nullptr) != plans_.end())
    throw std::invalid_argument("documents() or projections() holds a null plan");
}

std::string GuardedRule::objection(const Effects& effects, std::size_t first) const {
  for (const Effect& effect : effects.since(first)) {
    if (std::string why = std::visit(Objection(plans_), effect.body); !why.empty()) return why;
  }
  return {};
}

template <typename Act>
void GuardedRule::guard(const ChangeEvent& event, Effects& effects, Act act) const {
  const std::size_t first = effects.size();
  std::string why;
  try {
    act();
    why = objection(effects, first);
  } catch (const std::exception& error) {
    why = std::string("it threw: ") + error.what();
  } catch (...) {
    why = "it threw an exception of unknown type";
  }
  if (why.empty()) return;
  effects.shrink_to(first);
  const std::string text = "the code of rule '" + name() + "' failed on this event: " + why;
  // With the terminating zero, because an effect's reason is a C string.
  const std::string_view kept = effects.arena().keep(std::string_view(text.c_str(), text.size() + 1));
  effects.add(Reject{custom_rule_failed_code, kept.data()},
              bson::Identity(event.id).hash(bson::stable_hash(event.collection, 0)));
}

void GuardedRule::apply(const ChangeEvent& event, Effects& effects) const {
  guard(event, effects, [&] { inner_->apply(event, effects); });
}

void GuardedRule::apply_key_only(const ChangeEvent& event, Effects& effects) const {
  guard(event, effects, [&] { inner_->apply_key_only(event, effects); });
}

}  // namespace sluice::rules
