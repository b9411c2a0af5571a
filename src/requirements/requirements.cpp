#include "requirements/requirements.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "mongo/who_answers.hpp"
#include "text/shell.hpp"

namespace sluice::requirements {

namespace {

constexpr std::int32_t namespace_not_found = 26;

struct AccessesOf {
  std::vector<Access>& out;

  void operator()(const Copied& copied) const {
    const CopyPlan& plan = *copied.plan;
    out.push_back({plan.source, {"find"}});
    out.push_back({plan.target, {"find", "update"}});
    const bool removes = plan.when_gone == CopyPlan::WhenGone::remove && plan.array.empty();
    if (removes) out.back().actions.emplace_back("remove");
  }

  void operator()(const Counted& counted) const {
    const CounterPlan& plan = *counted.plan;
    out.push_back({plan.collection, {"update"}});
    if (plan.create) out.back().actions.emplace_back("insert");
    if (plan.drop_at_zero) out.back().actions.emplace_back("remove");
  }
};

void add_accesses(const DocumentPlan& plan, std::vector<Access>& out) {
  using Mode = DocumentPlan::Mode;
  switch (plan.mode) {
    case Mode::insert:
    case Mode::upsert:
      out.push_back({plan.collection, {"insert", "update"}});
      break;
    case Mode::update:
      out.push_back({plan.collection, {"update"}});
      break;
    case Mode::remove:
      out.push_back({plan.collection, {"remove"}});
      break;
    case Mode::append:
      out.push_back({plan.collection, {"insert"}});
      out.push_back({plan.heads(), {"find", "insert", "update"}});
      break;
  }
}

std::vector<Subscription> all_subscriptions(const Rules& rules) {
  std::vector<Subscription> all;
  for (const auto& rule : rules) {
    for (auto& one : rule->subscriptions()) all.push_back(std::move(one));
  }
  return all;
}

/// The two parts of a collation that are usually set, of the dozen that the server lists.
std::string collation_text(bson::View collation) {
  bson::Builder shown;
  for (const char* key : {"locale", "strength"}) {
    if (const bson::Value value = collation.at(key)) shown.append(key, value);
  }
  return shown.finish().json();
}

CollectionState state_of(bson::View found) {
  CollectionState state;
  state.exists = static_cast<bool>(found);
  state.kind = found.at("type").text();
  state.view_on = found.at_path("options.viewOn").text();
  state.capped = found.at_path("options.capped").boolean();
  const bson::View collation = found.at_path("options.collation").document();
  state.collation = collation ? collation_text(collation) : "";
  state.pre_images = found.at_path("options.changeStreamPreAndPostImages.enabled").boolean();
  return state;
}

std::string collection_in_shell(const std::string& database, const std::string& collection) {
  return fmt::format("db.getSiblingDB({}).getCollection({})", text::in_shell(database),
                     text::in_shell(collection));
}

}  // namespace

std::vector<Subscription> subscriptions_of(const Rules& rules) {
  return source::merge_subscriptions(all_subscriptions(rules));
}

std::optional<Error> collections_of(mongoc_client_t* client, const std::string& database,
                                    const std::vector<Subscription>& subscriptions,
                                    std::vector<std::string>& names) {
  const auto add = [&](const std::string& name) {
    if (std::ranges::find(names, name) == names.end()) names.push_back(name);
  };
  for (const Subscription& one : subscriptions) {
    if (!one.set) {
      add(one.collection);
      continue;
    }
    std::map<std::string, CollectionState> found;
    if (auto error = DatabaseShape(client, database).list(*one.set, found)) return error;
    for (const auto& [name, state] : found) add(name);
  }
  return std::nullopt;
}

std::vector<const DeliveryPlan*> deliveries_of(const Rules& rules) {
  std::vector<const DeliveryPlan*> plans;
  for (const auto& rule : rules) std::ranges::copy(rule->deliveries(), std::back_inserter(plans));
  return plans;
}

source::StreamFilter filter_of(const Rules& rules, int shard_count, int shard_index) {
  source::StreamFilter filter = source::filter_of(source::number_subscriptions(rules));
  filter.shard_count = shard_count;
  filter.shards = {shard_index};
  return filter;
}

std::vector<IndexNeed> indexes_of(const Rules& rules) {
  std::vector<IndexNeed> all;
  for (const auto& rule : rules) {
    for (auto& need : rule->indexes()) {
      const bool known = std::ranges::any_of(all, [&](const IndexNeed& other) {
        return other.collection == need.collection && other.field == need.field;
      });
      if (!known) all.push_back(std::move(need));
    }
  }
  return all;
}

std::vector<Access> accesses_of(const Rule& rule) {
  std::vector<Access> all;
  for (const Projection& projection : rule.projections()) std::visit(AccessesOf{all}, projection);
  for (const DocumentPlan* plan : rule.documents()) add_accesses(*plan, all);
  return all;
}

bool serves(bson::View index, const std::string& field) {
  const bson::View key = index.at("key").document();
  if (key.begin() == key.end() || key.begin()->key != field) return false;
  // Such as "text" or "2d", which do not help to find a value.
  const std::string_view special = key.begin()->value.text();
  return (special.empty() || special == "hashed") && !index.at("partialFilterExpression") &&
         !index.at("sparse").boolean() && !index.at("hidden").boolean();
}

std::string create_index_line(const std::string& database, const IndexNeed& need) {
  return fmt::format("{}.createIndex({{{}: 1}})", collection_in_shell(database, need.collection),
                     text::in_shell(need.field));
}

std::string enable_pre_images_line(const std::string& database, const std::string& collection) {
  return fmt::format(
      "db.getSiblingDB({}).runCommand({{collMod: {}, changeStreamPreAndPostImages: {{enabled: true}}}})",
      text::in_shell(database), text::in_shell(collection));
}

mongo::Reply DatabaseShape::run(bson::Builder& command) const {
  return mongo::run_command(client_, database_, command.finish(), mongo::Doing::reading);
}

std::optional<Error> has_change_streams(mongoc_client_t* client) {
  bson::Builder hello;
  hello.append("hello", 1);
  const mongo::Reply reply = mongo::run_command(client, "admin", hello.finish(), mongo::Doing::reading);
  if (!reply.ok()) {
    const std::string found = mongo::who_answers_instead(mongoc_client_get_uri(client));
    if (!found.empty()) return Error{ErrorKind::fatal, reply.error->code, found, false};
    Error error = *reply.error;
    std::string why = mongo::wrong_certificate(mongoc_client_get_uri(client), error);
    if (why.empty()) why = mongo::not_initiated(mongoc_client_get_uri(client));
    if (!why.empty()) {
      error.message += "; " + why;
      error.advice.clear();
    }
    return error;
  }
  // With a direct connection the driver takes any server.
  const std::string passing = mongo::not_initiated(reply.view(), "the server");
  if (!passing.empty()) return Error{ErrorKind::transient, 0, passing, false};
  if (reply.view().at("setName") || reply.view().at("msg").text() == "isdbgrid") return std::nullopt;
  return Error{ErrorKind::fatal, 0, no_replica_set, false};
}

std::optional<Error> DatabaseShape::look_at(const std::string& collection, CollectionState& state) const {
  bson::Builder list;
  list.append("listCollections", 1).open("filter").append("name", collection).close();
  const mongo::Reply reply = run(list);
  if (!reply.ok()) return reply.error;
  state = state_of(reply.view().at_path("cursor.firstBatch").document().at("0").document());
  return std::nullopt;
}

std::optional<Error> DatabaseShape::list(const CollectionSet& set,
                                         std::map<std::string, CollectionState>& found) const {
  bson::Builder command;
  command.open("filter").append("type", "collection").close();
  const bson_t borrowed = command.finish().borrow();
  const mongo::Database on(mongoc_client_get_database(client_, database_.c_str()));
  const mongo::Cursor cursor(mongoc_database_find_collections_with_opts(on.get(), &borrowed));
  const bson_t* one = nullptr;
  while (mongoc_cursor_next(cursor.get(), &one)) {
    const bson::View described(*one);
    const std::string name(described.at("name").text());
    if (set.contains(name)) found.emplace(name, state_of(described));
  }
  bson_error_t error{};
  const bson_t* reply = nullptr;
  if (!mongoc_cursor_error_document(cursor.get(), &error, &reply)) return std::nullopt;
  return mongo::classify(error, reply, mongo::Doing::reading);
}

std::optional<Error> DatabaseShape::look_for(const IndexNeed& need, bool& there) const {
  bson::Builder list;
  list.append("listIndexes", need.collection);
  const mongo::Reply reply = run(list);
  there = false;
  if (!reply.ok()) return reply.error->code == namespace_not_found ? std::nullopt : reply.error;
  const bson::View indexes = reply.view().at_path("cursor.firstBatch").document();
  for (const auto& [position, index] : indexes) there |= serves(index.document(), need.field);
  return std::nullopt;
}

std::optional<Error> DatabaseShape::with_pre_images(const char* command,
                                                    const std::string& collection) const {
  bson::Builder enable;
  enable.append(command, collection).open("changeStreamPreAndPostImages").append("enabled", true).close();
  return run(enable).error;
}

std::optional<Error> DatabaseShape::create_with_pre_images(const std::string& collection) const {
  return with_pre_images("create", collection);
}

std::optional<Error> DatabaseShape::enable_pre_images(const std::string& collection) const {
  return with_pre_images("collMod", collection);
}

std::optional<Error> DatabaseShape::create_index(const IndexNeed& need) const {
  bson::Builder create;
  create.append("createIndexes", need.collection).open_array("indexes").open(create.item());
  create.open("key").append(need.field, 1).close().append("name", need.field + "_1").close().close();
  return run(create).error;
}

}  // namespace sluice::requirements
