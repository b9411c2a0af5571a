#include "requirements/rule_table.hpp"

#include <algorithm>

namespace sluice::requirements {

namespace {

bool is_told(const Subscription& one, Operation operation) {
  if (operation == Operation::rename) return one.renames;
  return one.drops && operation != Operation::invalidate;
}

bool holds(const std::vector<const Rule*>& rules, const Rule* rule) {
  return std::ranges::find(rules, rule) != rules.end();
}

}  // namespace

std::optional<std::string_view> watched_name(const Subscription& one, const ChangeEvent& event) {
  if (event.operation == Operation::drop_database || event.operation == Operation::invalidate) return "";
  if (one.reads(event.collection)) return event.collection;
  if (event.operation != Operation::rename) return std::nullopt;
  const std::string_view to = event.document.at_path("to.coll").text();
  return one.reads(to) ? std::optional(to) : std::nullopt;
}

RuleTable::Concerned RuleTable::change_collection(const ChangeEvent& event, bool tell,
                                                  std::vector<Effect>& effects, Arena& arena) {
  Concerned concerned;
  std::vector<const Rule*> told;
  for (const Asked& one : asked_) {
    const auto name = watched_name(one.subscription, event);
    if (!name || holds(told, one.rule)) continue;
    if (!concerned.any) concerned.collection = *name;
    concerned.any = true;
    concerned.keeps_state |= one.rule->keeps_state();
    if (!is_told(one.subscription, event.operation)) {
      if (!holds(concerned.untold, one.rule)) concerned.untold.push_back(one.rule);
      continue;
    }
    told.push_back(one.rule);
    if (!tell) continue;
    ChangeEvent seen = event;
    seen.collection = *name;
    Effects out(effects, arena);
    const std::size_t before = effects.size();
    one.rule->apply(seen, out);
    for (std::size_t i = before; i < effects.size(); ++i) effects[i].rule = one.index;
  }
  std::erase_if(concerned.untold, [&](const Rule* rule) { return holds(told, rule); });
  forget(event);
  return concerned;
}

/// Forgets what is known of the event's collections: a collection that is created again under the same name
/// lacks what the worker had enabled on it.
void RuleTable::forget(const ChangeEvent& event) {
  if (event.operation == Operation::drop_database || event.operation == Operation::invalidate) {
    by_collection_.clear();
    return;
  }
  for (const std::string_view name : {event.collection, event.document.at_path("to.coll").text()}) {
    const auto known = by_collection_.find(name);
    if (known != by_collection_.end()) by_collection_.erase(known);
  }
}

}  // namespace sluice::requirements
