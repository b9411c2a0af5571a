#include "inspect/rule_inspector.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "source/stream_filter.hpp"

namespace sluice::inspect {

namespace {

std::string names_of(const std::map<std::string, requirements::CollectionState>& found) {
  constexpr std::size_t most = 20;
  std::string text;
  std::size_t shown = 0;
  for (const auto& [name, state] : found) {
    if (shown++ == most) return text + fmt::format(" and {} more", found.size() - most);
    text += (text.empty() ? "" : ", ") + name;
  }
  return text;
}

}  // namespace

void RuleInspector::run(const Rule& rule) {
  const std::vector<Subscription> read = source::merge_subscriptions(rule.subscriptions());
  for (const requirements::NamedCollection& named : requirements::named_collections(rule, stream_.database)) {
    const auto subscription = std::ranges::find(read, named.name, &Subscription::collection);
    if (named.read) {
      look_at_source(rule, named, subscription->needs_images());
    } else {
      look_at_target(rule, named);
    }
  }
  for (const Subscription& one : read) {
    if (one.set) look_at_set(rule, one);
  }
  if (auto lack = rights_.missing(stream_.database, requirements::accesses_of(rule)))
    report_.say(Level::error, rule, *lack);
  for (const IndexNeed& need : rule.indexes()) look_at_index(rule, need);
}

void RuleInspector::look_at_source(const Rule& rule, const requirements::NamedCollection& named,
                                   bool needs_images) {
  const std::string full = named.full_name();
  requirements::CollectionState state;
  if (auto error = shape_.look_at(named.name, state)) {
    say_unseen(rule, named, needs_images, *error);
  } else if (const auto why =
                 state.exists ? requirements::unfit(named, state) : requirements::elsewhere(client_, named)) {
    report_.say(Level::error, rule, *why);
  } else if (!state.exists && !needs_images) {
    const std::string near = requirements::nearest_collection(client_, stream_.database, named.name);
    report_.say(near.empty() ? Level::note : Level::warning, rule,
                full + " does not exist yet" + (near.empty() ? "" : "; did you mean '" + near + "'?"));
  } else if (!state.exists) {
    say_absent(rule, named.name);
  } else if (!needs_images) {
    report_.say(Level::ok, rule, full + " exists");
  } else if (state.pre_images) {
    report_.say(Level::ok, rule, full + " exists, pre-images are on");
  } else {
    say_without_pre_images(rule, named.name);
  }
}

/// Reports which collections the patterns of a subscription match at present, and which lack pre-images.
void RuleInspector::look_at_set(const Rule& rule, const Subscription& subscription) {
  std::map<std::string, requirements::CollectionState> found;
  if (auto error = shape_.list(*subscription.set, found)) {
    const requirements::NamedCollection all{.database = stream_.database, .name = subscription.collection};
    return say_unseen(rule, all, subscription.needs_images(), *error);
  }
  if (found.empty()) {
    return report_.say(Level::warning, rule,
                       fmt::format("'{}' matches no collection of {} at present", subscription.collection,
                                   stream_.database));
  }
  report_.say(Level::ok, rule,
              fmt::format("'{}' matches {} collection{} of {} at present: {}", subscription.collection,
                          found.size(), found.size() == 1 ? "" : "s", stream_.database, names_of(found)));
  if (!subscription.needs_images()) return;
  for (const auto& [name, state] : found) {
    if (!state.pre_images) say_without_pre_images(rule, name);
  }
}

void RuleInspector::look_at_target(const Rule& rule, const requirements::NamedCollection& named) {
  requirements::CollectionState state;
  const requirements::DatabaseShape shape(client_, named.database);
  if (auto error = shape.look_at(named.name, state)) return say_unseen(rule, named, false, *error);
  if (const auto why = requirements::unfit(named, state)) report_.say(Level::error, rule, *why);
}

void RuleInspector::say_unseen(const Rule& rule, const requirements::NamedCollection& named, bool needed,
                               const Error& error) {
  const auto lack = rights_.missing(named.database, {{"", {"listCollections"}}});
  report_.say(needed ? Level::error : Level::note, rule,
              named.full_name() + (lack ? ": " + *lack : " cannot be looked at: " + error.text()));
}

void RuleInspector::say_absent(const Rule& rule, const std::string& name) {
  const std::string full = stream_.database + "." + name;
  const std::string near = requirements::nearest_collection(client_, stream_.database, name);
  const std::string hint = near.empty() ? "" : "; did you mean '" + near + "'?";
  // Either right is enough to create the collection.
  if (rights_.may("insert", stream_.database, name) ||
      rights_.may("createCollection", stream_.database, name)) {
    report_.say(near.empty() ? Level::note : Level::warning, rule,
                full + " does not exist; the worker creates it with pre-images" + hint);
  } else {
    report_.say(Level::error, rule,
                full + " does not exist, and the worker may not create it: " +
                    *rights_.missing(stream_.database, {{name, {"createCollection"}}}) + hint);
  }
}

void RuleInspector::say_without_pre_images(const Rule& rule, const std::string& name) {
  const std::string full = stream_.database + "." + name;
  const std::string line = requirements::enable_pre_images_line(stream_.database, name);
  if (auto lack = rights_.missing(stream_.database, {{name, {"collMod"}}})) {
    report_.say(Level::error, rule,
                full + " has no pre-images: " + *lack + "; or let the worker enable them: " + line);
  } else {
    report_.say(Level::warning, rule,
                full +
                    " has no pre-images; the worker enables them when it starts, and changes before that "
                    "have none: " +
                    line);
  }
}

void RuleInspector::look_at_index(const Rule& rule, const IndexNeed& need) {
  const std::string full = stream_.database + "." + need.collection;
  bool there = false;
  if (auto error = shape_.look_for(need, there)) {
    const auto lack = rights_.missing(stream_.database, {{need.collection, {"listIndexes"}}});
    report_.say(Level::error, rule, full + (lack ? ": " + *lack : ", its indexes: " + error->text()));
    return;
  }
  const std::string line = requirements::create_index_line(stream_.database, need);
  if (there) {
    report_.say(Level::ok, rule, fmt::format("{} has an index on {}", full, need.field));
  } else if (config_.indexes == IndexPolicy::warn) {
    report_.say(
        Level::warning, rule,
        fmt::format("{} has no index on {}: every change of a source scans the collection; create it: {}",
                    full, need.field, line));
  } else if (auto lack = rights_.missing(stream_.database, {{need.collection, {"createIndex"}}})) {
    report_.say(Level::error, rule,
                fmt::format("{} has no index on {}: {}; or let the worker create it: {}", full, need.field,
                            *lack, line));
  } else {
    report_.say(Level::note, rule,
                fmt::format("{} has no index on {}; the worker creates it when it starts: {}", full,
                            need.field, line));
  }
}

}  // namespace sluice::inspect
