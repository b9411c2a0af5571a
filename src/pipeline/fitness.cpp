#include "pipeline/fitness.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "mongo/error.hpp"

namespace sluice::pipeline {

namespace {

void add_once(std::vector<std::string>& names, const std::string& name) {
  if (std::ranges::find(names, name) == names.end()) names.push_back(name);
}

const std::string& target_of(const Projection& projection) {
  if (const auto* counted = std::get_if<Counted>(&projection)) return counted->plan->collection;
  return std::get<Copied>(projection).plan->target;
}

std::vector<std::string> targets_of(const Rule& rule, bool by_value_only) {
  std::vector<std::string> names;
  for (const Projection& projection : rule.projections()) add_once(names, target_of(projection));
  for (const DocumentPlan* plan : rule.documents()) {
    if (by_value_only && plan->ids_of_events) continue;
    add_once(names, plan->collection);
    if (plan->mode == DocumentPlan::Mode::append) add_once(names, plan->heads());
  }
  return names;
}

std::optional<std::string> unfit(const std::string& database, const Rule& rule, const DatabaseShape& shape,
                                 std::optional<Error>& failed) {
  const auto look = [&](const std::string& name, auto judge) -> std::optional<std::string> {
    CollectionState state;
    if (failed || (failed = shape.look_at(name, state))) return std::nullopt;
    return judge(database + "." + name, state);
  };
  for (const Subscription& one : source::merge_subscriptions(rule.subscriptions())) {
    if (auto why = look(one.collection, unreadable)) return why;
  }
  const std::vector<std::string> by_value = written_by_value(rule);
  for (const std::string& name : written(rule)) {
    const bool compared = std::ranges::find(by_value, name) != by_value.end();
    const auto judge = [&](const std::string& full, const CollectionState& state) {
      return unwritable(full, state, compared);
    };
    if (auto why = look(name, judge)) return why;
  }
  return std::nullopt;
}

}  // namespace

std::vector<std::string> written_by_value(const Rule& rule) {
  return targets_of(rule, true);
}

std::vector<std::string> written(const Rule& rule) {
  return targets_of(rule, false);
}

std::optional<std::string> unreadable(const std::string& full_name, const CollectionState& state) {
  if (state.kind == "view") return full_name + " is a view, which has no change events: name a collection";
  if (state.kind == "timeseries") {
    return full_name +
           " is a time-series collection, which has no change events: name an ordinary collection";
  }
  return std::nullopt;
}

std::optional<std::string> unwritable(const std::string& full_name, const CollectionState& state,
                                      bool by_value) {
  if (state.kind == "view") return full_name + " is a view, which cannot be written to: name a collection";
  const char* special = state.kind == "timeseries" ? "time-series" : state.capped ? "capped" : nullptr;
  if (special != nullptr) {
    return fmt::format(
        "{} is a {} collection, which the server does not write in transactions: name an ordinary collection",
        full_name, special);
  }
  if (!by_value || state.collation.empty()) return std::nullopt;
  return fmt::format(
      "{} has the default collation {}, by which the server takes different values for equal, while Sluice "
      "tells them apart byte by byte: make the collection anew without a default collation (an index or a "
      "query may have its own), or name another one",
      full_name, state.collation);
}

std::optional<Error> check_collections(mongo::ClientPool& pool, const std::string& database,
                                       const std::vector<const Rule*>& rules, std::optional<Error>& unknown) {
  const auto client = pool.acquire();
  const DatabaseShape shape(client.get(), database);
  for (const Rule* rule : rules) {
    std::optional<Error> failed;
    const auto why = unfit(database, *rule, shape, failed);
    if (failed && !mongo::is_denial(*failed)) return failed;
    if (failed) {
      unknown = std::move(failed);
      return std::nullopt;
    }
    if (why) return Error{ErrorKind::fatal, 0, "rule " + rule->name() + ": " + *why, false};
  }
  return std::nullopt;
}

}  // namespace sluice::pipeline
