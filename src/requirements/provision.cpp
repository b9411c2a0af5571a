#include "requirements/provision.hpp"

#include "config/state_names.hpp"

#include <spdlog/logger.h>

#include "requirements/fitness.hpp"
#include "requirements/rights.hpp"
#include "rules/registry.hpp"

namespace sluice::requirements {

namespace {

/// Creates the index by which dead letters are listed, and with it their collection.
std::optional<Error> prepare_dead_letters(mongo::ClientPool& pool, const std::string& state_database) {
  constexpr const char* name = "pipeline_1_at_1";
  const auto client = pool.acquire();
  bson::Builder create;
  create.append("createIndexes", state::dead_letters).open_array("indexes").open(create.item());
  create.open("key").append("pipeline", 1).append("at", 1).close();
  create.append("name", name).close().close();
  auto error = mongo::run_command(client.get(), state_database, create.finish(), mongo::Doing::reading).error;
  if (!error || error->kind != ErrorKind::fatal) return error;
  // A user with more rights may have created it already.
  bson::Builder list;
  list.append("listIndexes", state::dead_letters);
  const mongo::Reply reply =
      mongo::run_command(client.get(), state_database, list.finish(), mongo::Doing::reading);
  if (!reply.ok()) return error;
  const bson::View indexes = reply.view().at_path("cursor.firstBatch").document();
  for (const auto& [position, index] : indexes) {
    if (index.document().at("name").text() == name) return std::nullopt;
  }
  return error;
}

class Provisioner {
 public:
  Provisioner(mongoc_client_t* client, const std::string& database, const observe::StreamLog& log)
      : shape_(client, database), database_(database), log_(log) {}

  /// Enables pre-images on a collection, and creates it if it is missing. Several workers and streams may do
  /// this at the same time. The later one checks the present state again, so it needs the right to change the
  /// collection only if pre-images are really off.
  std::optional<Error> pre_images(const std::string& collection) {
    CollectionState state;
    if (auto error = make_with_pre_images(collection, state)) return error;
    if (state.pre_images) return std::nullopt;
    auto error = shape_.enable_pre_images(collection);
    if (!error) log_.info("enabled pre-images on {}.{}", database_, collection);
    return error;
  }

  /// Creates a missing collection with pre-images. `state` is its state afterwards.
  std::optional<Error> make_with_pre_images(const std::string& collection, CollectionState& state) {
    if (auto error = shape_.look_at(collection, state)) return error;
    if (state.exists) return std::nullopt;
    auto error = shape_.create_with_pre_images(collection);
    if (!error) {
      log_.info("created the collection {}.{} with pre-images", database_, collection);
      state.exists = state.pre_images = true;
      return std::nullopt;
    }
    if (error->code != mongo::namespace_exists) return error;
    return shape_.look_at(collection, state);
  }

  /// Enables pre-images on the collections that the patterns match at present. For later ones see
  /// provision_found().
  std::optional<Error> pre_images(const CollectionSet& set) {
    std::map<std::string, CollectionState> found;
    if (auto error = shape_.list(set, found)) return error;
    for (const auto& [name, state] : found) {
      if (state.pre_images) continue;
      if (auto error = pre_images(name)) return error;
    }
    return std::nullopt;
  }

  std::optional<Error> index(const IndexNeed& need, IndexPolicy policy) {
    bool there = false;
    if (auto error = shape_.look_for(need, there)) return error;
    if (there) return std::nullopt;
    if (policy == IndexPolicy::warn) {
      log_.warn(
          "no index for the lookup by {} in {}.{}; every change of a source scans the collection. Create it: "
          "{}, or set indexes: create",
          need.field, database_, need.collection, create_index_line(database_, need));
      return std::nullopt;
    }
    log_.info("creating the index {{\"{}\": 1}} on {}.{}", need.field, database_, need.collection);
    return shape_.create_index(need);
  }

 private:
  DatabaseShape shape_;
  const std::string& database_;
  const observe::StreamLog& log_;
};

/// A text to append to an error: which rights have to be granted; "" if the error is about something else.
std::string remedy(mongoc_client_t* client, const Error& error, const std::string& database,
                   const Access& wanted) {
  constexpr std::int32_t unauthorized = 13;
  if (error.code != unauthorized) return {};
  const auto lack = rights_of(client).missing(database, {wanted});
  return lack ? "; " + *lack : "";
}

}  // namespace

std::optional<Error> provision(mongo::ClientPool& pool, const std::string& database,
                               const std::vector<Subscription>& subscriptions,
                               const std::vector<IndexNeed>& indexes, IndexPolicy policy,
                               const observe::StreamLog& log) {
  const auto client = pool.acquire();
  Provisioner provisioner(client.get(), database, log);
  for (const Subscription& subscription : subscriptions) {
    if (!subscription.needs_images()) continue;
    const auto& set = subscription.set;
    if (auto error = set ? provisioner.pre_images(*set) : provisioner.pre_images(subscription.collection)) {
      const std::string place = set ? "" : subscription.collection;
      error->message = "pre-images on " + database + "." + subscription.collection + ": " + error->message +
                       remedy(client.get(), *error, database, {place, {"createCollection", "collMod"}});
      return error;
    }
  }
  for (const IndexNeed& need : indexes) {
    if (auto error = provisioner.index(need, policy)) {
      error->message = "the index on " + database + "." + need.collection + ": " + error->message +
                       remedy(client.get(), *error, database, {need.collection, {"createIndex"}});
      return error;
    }
  }
  return std::nullopt;
}

std::optional<Error> provision_found(mongo::ClientPool& pool, const std::string& database,
                                     const std::vector<std::string>& collections,
                                     const observe::StreamLog& log) {
  const auto client = pool.acquire();
  Provisioner provisioner(client.get(), database, log);
  for (const std::string& name : collections) {
    CollectionState state;
    if (auto error = DatabaseShape(client.get(), database).look_at(name, state)) return error;
    if (!state.exists || state.pre_images) continue;  // dropped again, or another worker has enabled them
    if (auto error = provisioner.pre_images(name)) {
      error->message = "pre-images on " + database + "." + name + ": " + error->message +
                       "; have them enabled: " + enable_pre_images_line(database, name);
      return error;
    }
  }
  return std::nullopt;
}

namespace {

std::optional<Error> look_at_collections(const StreamConfig& stream, const Rules& rules,
                                         mongo::ClientPool& pool, const observe::StreamLog& log) {
  std::vector<const Rule*> all;
  for (const auto& rule : rules) all.push_back(rule.get());
  std::optional<Error> unknown;
  auto error = check_collections(pool, stream.database, all, unknown);
  if (unknown) {
    log.warn("cannot look up whether its rules can work on the collections of {}: {}", stream.database,
             unknown->text());
  }
  return error;
}

/// Warns of collections that do not exist while one with a similar name does: a rule with a misspelt name
/// would never do anything.
void warn_of_near_names(const StreamConfig& stream, const Rules& rules, mongo::ClientPool& pool,
                        const observe::StreamLog& log) {
  const auto client = pool.acquire();
  const DatabaseShape shape(client.get(), stream.database);
  for (const auto& rule : rules) {
    for (const Subscription& one : source::merge_subscriptions(rule->subscriptions())) {
      CollectionState state;
      if (one.set || shape.look_at(one.collection, state) || state.exists) continue;
      const std::string near = nearest_collection(client.get(), stream.database, one.collection);
      if (near.empty()) continue;
      log.warn("rule {}: {}.{} does not exist yet; did you mean '{}'?", rule->name(), stream.database,
               one.collection, near);
    }
  }
}

/// Creates the missing collections that the worker's other streams on this database read with pre-images.
/// Otherwise an index or a write of this stream would create them without pre-images, and the other stream
/// would need the right to change them. If this stream may not create one, the other stream has to.
void provision_for_others(const StreamConfig& stream, std::span<const StreamConfig> all,
                          mongo::ClientPool& pool, const observe::StreamLog& log) {
  const auto client = pool.acquire();
  Provisioner provisioner(client.get(), stream.database, log);
  for (const StreamConfig& other : all) {
    const bool here = other.uri == stream.uri && other.uri_file == stream.uri_file &&
                      other.database == stream.database && other.name != stream.name;
    if (!here) continue;
    for (const Subscription& subscription : subscriptions_of(rules::make_rules(other))) {
      if (!subscription.needs_images() || subscription.set) continue;
      CollectionState state;
      const auto error = provisioner.make_with_pre_images(subscription.collection, state);
      if (error) {
        log.debug("{}.{} is left to {} to create: {}", stream.database, subscription.collection, other.name,
                  error->text());
      }
    }
  }
}

}  // namespace

std::optional<Error> prepare_for(const Config& config, const StreamConfig& stream, const Rules& rules,
                                 std::span<const StreamConfig> all, mongo::ClientPool& pool,
                                 const observe::StreamLog& log) {
  if (auto unfit = look_at_collections(stream, rules, pool, log)) return unfit;
  warn_of_near_names(stream, rules, pool, log);
  const auto error = prepare_dead_letters(pool, config.state_database);
  if (error && error->kind != ErrorKind::fatal) return error;
  if (error) {
    log.warn("the dead letters have no index, so listing them reads them all: {}", error->text());
  }
  provision_for_others(stream, all, pool, log);
  return provision(pool, stream.database, subscriptions_of(rules), indexes_of(rules), config.indexes, log);
}

}  // namespace sluice::requirements
