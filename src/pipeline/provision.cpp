#include "pipeline/provision.hpp"

#include <spdlog/logger.h>

#include <algorithm>

#include "bson/builder.hpp"

namespace sluice::pipeline {

namespace {

constexpr std::int32_t namespace_not_found = 26;

class Provisioner {
 public:
  Provisioner(mongoc_client_t* client, const std::string& database, spdlog::logger& log)
      : client_(client), database_(database), log_(log) {}

  std::optional<Error> pre_images(const std::string& collection) {
    bson::Builder list;
    list.append("listCollections", 1).open("filter").append("name", collection).close();
    const mongo::Reply reply = run(list, mongo::Doing::reading);
    if (!reply.ok()) return reply.error;
    const bson::View found = reply.view().at_path("cursor.firstBatch").document().at("0").document();
    if (found && found.at_path("options.changeStreamPreAndPostImages.enabled").boolean()) return std::nullopt;
    if (!found) {
      auto error = enable("create", collection);
      if (!error) log_.info("made the collection {}.{} with pre-images", database_, collection);
      if (!error || error->code != mongo::namespace_exists) return error;
    }
    // Another worker may be at the same change: the server tells one of the two to come again.
    auto error = enable("collMod", collection);
    if (!error) log_.info("enabled pre-images on {}.{}", database_, collection);
    return error;
  }

  std::optional<Error> index(const IndexNeed& need, IndexPolicy policy) {
    bson::Builder list;
    list.append("listIndexes", need.collection);
    const mongo::Reply reply = run(list, mongo::Doing::reading);
    if (!reply.ok() && reply.error->code != namespace_not_found) return reply.error;
    if (reply.ok() && serves(reply, need.field)) return std::nullopt;
    if (policy == IndexPolicy::warn) {
      log_.warn(
          "no index serves the look-up by {0} in {1}.{2}; every change of a source scans the collection. "
          "Create it: db.{2}.createIndex({{\"{0}\": 1}}), or set indexes: create",
          need.field, database_, need.collection);
      return std::nullopt;
    }
    log_.info("creating the index {{\"{}\": 1}} on {}.{}", need.field, database_, need.collection);
    bson::Builder create;
    create.append("createIndexes", need.collection).open_array("indexes").open(create.item());
    create.open("key").append(need.field, 1).close().append("name", need.field + "_1").close().close();
    return run(create, mongo::Doing::reading).error;
  }

 private:
  mongo::Reply run(bson::Builder& command, mongo::Doing doing) {
    return mongo::run_command(client_, database_, command.finish(), doing);
  }

  std::optional<Error> enable(const char* command, const std::string& collection) {
    bson::Builder enable;
    enable.append(command, collection).open("changeStreamPreAndPostImages").append("enabled", true).close();
    return run(enable, mongo::Doing::reading).error;
  }

  /// An index serves if it begins with the field and holds every document.
  static bool serves(const mongo::Reply& reply, const std::string& field) {
    const bson::View indexes = reply.view().at_path("cursor.firstBatch").document();
    for (const auto& [position, value] : indexes) {
      const bson::View index = value.document();
      const bson::View key = index.at("key").document();
      const bool first = key.begin() != key.end() && key.begin()->key == field;
      if (first && !index.at("partialFilterExpression") && !index.at("sparse").boolean() &&
          !index.at("hidden").boolean()) {
        return true;
      }
    }
    return false;
  }

  mongoc_client_t* client_;
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
    if (!subscription.pre_images) continue;
    if (auto error = provisioner.pre_images(subscription.collection)) {
      error->message = "pre-images on " + database + "." + subscription.collection + ": " + error->message;
      return error;
    }
  }
  std::vector<std::string> done;
  for (const IndexNeed& need : indexes) {
    const std::string name = need.collection + "/" + need.field;
    if (std::ranges::find(done, name) != done.end()) continue;
    done.push_back(name);
    if (auto error = provisioner.index(need, policy)) {
      error->message = "the index on " + database + "." + need.collection + ": " + error->message;
      return error;
    }
  }
  return std::nullopt;
}

}  // namespace sluice::pipeline
