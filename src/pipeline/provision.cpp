#include "pipeline/provision.hpp"

#include <spdlog/logger.h>

#include "pipeline/dead_letters.hpp"
#include "pipeline/fitness.hpp"

namespace sluice::pipeline {

namespace {

class Provisioner {
 public:
  Provisioner(mongoc_client_t* client, const std::string& database, spdlog::logger& log)
      : shape_(client, database), database_(database), log_(log) {}

  std::optional<Error> pre_images(const std::string& collection) {
    CollectionState state;
    if (auto error = shape_.look_at(collection, state)) return error;
    if (state.pre_images) return std::nullopt;
    if (!state.exists) {
      auto error = shape_.create_with_pre_images(collection);
      if (!error) log_.info("made the collection {}.{} with pre-images", database_, collection);
      if (!error || error->code != mongo::namespace_exists) return error;
    }
    // Another worker may be at the same change: the server tells one of the two to come again.
    auto error = shape_.enable_pre_images(collection);
    if (!error) log_.info("enabled pre-images on {}.{}", database_, collection);
    return error;
  }

  std::optional<Error> index(const IndexNeed& need, IndexPolicy policy) {
    bool there = false;
    if (auto error = shape_.look_for(need, there)) return error;
    if (there) return std::nullopt;
    if (policy == IndexPolicy::warn) {
      log_.warn(
          "no index serves the look-up by {} in {}.{}; every change of a source scans the collection. "
          "Create it: {}, or set indexes: create",
          need.field, database_, need.collection, create_index_line(database_, need));
      return std::nullopt;
    }
    log_.info("creating the index {{\"{}\": 1}} on {}.{}", need.field, database_, need.collection);
    return shape_.create_index(need);
  }

 private:
  DatabaseShape shape_;
  const std::string& database_;
  spdlog::logger& log_;
};

}  // namespace

std::optional<Error> provision(mongo::ClientPool& pool, const std::string& database,
                               const std::vector<Subscription>& subscriptions,
                               const std::vector<IndexNeed>& indexes, IndexPolicy policy,
                               spdlog::logger& log) {
  const auto client = pool.acquire();
  Provisioner provisioner(client.get(), database, log);
  for (const Subscription& subscription : subscriptions) {
    if (!subscription.needs_images()) continue;
    if (auto error = provisioner.pre_images(subscription.collection)) {
      error->message = "pre-images on " + database + "." + subscription.collection + ": " + error->message;
      return error;
    }
  }
  for (const IndexNeed& need : indexes) {
    if (auto error = provisioner.index(need, policy)) {
      error->message = "the index on " + database + "." + need.collection + ": " + error->message;
      return error;
    }
  }
  return std::nullopt;
}

namespace {

std::optional<Error> look_at_collections(const StreamConfig& stream, const Rules& rules,
                                         mongo::ClientPool& pool, spdlog::logger& log) {
  std::vector<const Rule*> all;
  for (const auto& rule : rules) all.push_back(rule.get());
  std::optional<Error> unknown;
  auto error = check_collections(pool, stream.database, all, unknown);
  if (unknown) {
    log.warn("{}: whether its rules can work on the collections of {} cannot be looked up: {}", stream.name,
             stream.database, unknown->text());
  }
  return error;
}

}  // namespace

std::optional<Error> prepare_for(const Config& config, const StreamConfig& stream, const Rules& rules,
                                 mongo::ClientPool& pool, spdlog::logger& log) {
  if (auto unfit = look_at_collections(stream, rules, pool, log)) return unfit;
  const auto error = prepare_dead_letters(pool, config.state_database);
  if (error && error->kind != ErrorKind::fatal) return error;
  if (error) {
    log.warn("{}: the dead letters have no index, so listing them reads them all: {}", stream.name,
             error->text());
  }
  return provision(pool, stream.database, subscriptions_of(rules), indexes_of(rules), config.indexes, log);
}

}  // namespace sluice::pipeline
