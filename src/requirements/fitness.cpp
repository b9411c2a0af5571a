#include "requirements/fitness.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/publish_plan.hpp"
#include "mongo/error.hpp"
#include "requirements/add_once.hpp"

namespace sluice::requirements {

namespace {

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

/// Whether a collection that a rule reads is a target of its copies, which `into` names.
bool is_target_of_copies(const Rule& rule, const std::string& name) {
  bool target = false;
  for (const Projection& projection : rule.projections()) {
    const auto* copied = std::get_if<Copied>(&projection);
    if (copied == nullptr) continue;
    if (copied->plan->source == name) return false;
    target |= copied->plan->target == name;
  }
  return target;
}

void add_token_places(const Rule& rule, std::vector<NamedCollection>& all) {
  for (const DeliveryPlan* delivery : rule.deliveries()) {
    const auto* plan = dynamic_cast<const PublishPlan*>(delivery);
    if (plan == nullptr || !plan->tokens) continue;
    all.push_back({.database = plan->tokens->database,
                   .name = plan->tokens->collection,
                   .key = "tokens",
                   .written = true,
                   .transactional = false});
  }
}

std::optional<std::string> why_unfit(mongoc_client_t* client, const NamedCollection& named,
                                     std::optional<Error>& failed) {
  CollectionState state;
  if ((failed = DatabaseShape(client, named.database).look_at(named.name, state))) return std::nullopt;
  if (auto why = unfit(named, state)) return why;
  return state.exists || !named.read ? std::nullopt : elsewhere(client, named);
}

}  // namespace

std::vector<std::string> written_by_value(const Rule& rule) {
  return targets_of(rule, true);
}

std::vector<std::string> written(const Rule& rule) {
  return targets_of(rule, false);
}

std::optional<std::string> unreadable(const std::string& full_name, const CollectionState& state) {
  if (state.kind == "view") {
    return fmt::format("{} is a view, which has no change events: name {}", full_name,
                       state.view_on.empty() ? "a collection" : "the collection under it, " + state.view_on);
  }
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
      "{} has the default collation {}, under which the server treats different values as equal, while "
      "Sluice compares byte by byte: recreate the collection without a default collation (an index or a "
      "query may have its own), or name another one",
      full_name, state.collation);
}

std::vector<NamedCollection> named_collections(const Rule& rule, const std::string& database) {
  std::vector<NamedCollection> all;
  for (const Subscription& one : source::merge_subscriptions(rule.subscriptions())) {
    if (one.set) continue;  // views and time-series collections that patterns match are skipped
    const char* key = is_target_of_copies(rule, one.collection) ? "into" : "from";
    all.push_back({.database = database, .name = one.collection, .key = key, .read = true});
  }
  const std::vector<std::string> by_value = written_by_value(rule);
  for (const std::string& name : written(rule)) {
    const bool compared = std::ranges::find(by_value, name) != by_value.end();
    all.push_back({.database = database, .name = name, .key = "into", .by_value = compared, .written = true});
  }
  add_token_places(rule, all);
  return all;
}

std::optional<std::string> unfit(const NamedCollection& named, const CollectionState& state) {
  std::optional<std::string> why;
  if (named.read) why = unreadable(named.full_name(), state);
  const bool judged = named.transactional || state.kind != "collection";
  if (!why && named.written && judged) why = unwritable(named.full_name(), state, named.by_value);
  if (why) why = fmt::format("'{}': {}", named.key, *why);
  return why;
}

std::optional<std::string> elsewhere(mongoc_client_t* client, const NamedCollection& named) {
  for (auto dot = named.name.find('.'); dot != std::string::npos; dot = named.name.find('.', dot + 1)) {
    const std::string database = named.name.substr(0, dot);
    const std::string collection = named.name.substr(dot + 1);
    CollectionState state;
    const auto error = DatabaseShape(client, database).look_at(collection, state);
    if (error || !state.exists) continue;
    return fmt::format(
        "'{}': {} does not exist, and {} is a collection of the database {}: a rule reads the collections of "
        "its stream's database, so give it a stream with 'database: {}' (or --database {}) and name '{}'",
        named.key, named.full_name(), named.name, database, database, database, collection);
  }
  return std::nullopt;
}

std::string nearest_collection(mongoc_client_t* client, const std::string& database,
                               const std::string& name) {
  bson::Builder list;
  list.append("listCollections", 1).append("nameOnly", true).append("authorizedCollections", true);
  const mongo::Reply reply = mongo::run_command(client, database, list.finish(), mongo::Doing::reading);
  std::vector<std::string> names;
  for (const auto& [index, one] : reply.view().at_path("cursor.firstBatch").document()) {
    names.emplace_back(one.document().at("name").text());
  }
  return nearest_name(name, names);
}

std::optional<Error> check_collections(mongo::ClientPool& pool, const std::string& database,
                                       const std::vector<const Rule*>& rules, std::optional<Error>& unknown) {
  const auto client = pool.acquire();
  for (const Rule* rule : rules) {
    for (const NamedCollection& named : named_collections(*rule, database)) {
      std::optional<Error> failed;
      const auto why = why_unfit(client.get(), named, failed);
      if (failed && !mongo::is_denial(*failed)) return failed;
      if (failed) unknown = std::move(failed);
      if (why) return Error{ErrorKind::fatal, 0, "rule '" + rule->name() + "', " + *why, false};
    }
  }
  return std::nullopt;
}

}  // namespace sluice::requirements
