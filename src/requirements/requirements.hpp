#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "mongo/client.hpp"
#include "sluice/bson_builder.hpp"
#include "sluice/rule.hpp"
#include "source/stream_filter.hpp"

/// What the rules of a stream need of its database, and how to tell from the server's answers whether it is
/// there. `provision` creates what is missing, and `inspect` reports on it.
namespace sluice::requirements {

inline constexpr const char* no_replica_set =
    "the server is not a member of a replica set, so it has no change streams; start mongod with --replSet "
    "and "
    "run rs.initiate() once";

/// Checks whether the server has change streams. Returns an error that says what to do if it has none, or the
/// error that kept it from answering.
std::optional<Error> has_change_streams(mongoc_client_t* client);

using Rules = std::vector<std::unique_ptr<Rule>>;

/// Everything that the rules read, merged by collection.
std::vector<Subscription> subscriptions_of(const Rules& rules);

/// The collections that the subscriptions read at present, in their order and each once: those with names,
/// and those that patterns match. Blocks.
std::optional<Error> collections_of(mongoc_client_t* client, const std::string& database,
                                    const std::vector<Subscription>& subscriptions,
                                    std::vector<std::string>& names);

/// The plans of everything that the rules send out of MongoDB.
std::vector<const DeliveryPlan*> deliveries_of(const Rules& rules);

/// The filter by which the server sends events for these rules, to this shard.
source::StreamFilter filter_of(const Rules& rules, int shard_count = 1, int shard_index = 0);

/// Every index that the rules look targets up by, each once.
std::vector<IndexNeed> indexes_of(const Rules& rules);

/// What a rule's effects do to one collection, as names of the server's actions.
struct Access {
  std::string collection;
  std::vector<std::string> actions;
};
std::vector<Access> accesses_of(const Rule& rule);

/// Whether an index, as listIndexes describes it, finds documents by `field`: it begins with the field and
/// contains every document.
bool serves(bson::View index, const std::string& field);

/// The lines for mongosh that create what is missing.
std::string create_index_line(const std::string& database, const IndexNeed& need);
std::string enable_pre_images_line(const std::string& database, const std::string& collection);

/// A collection as the server describes it.
struct CollectionState {
  bool exists = false;
  bool pre_images = false;
  bool capped = false;
  std::string collation;  ///< the default collation as JSON; empty: values are compared byte by byte
  std::string kind;       ///< "collection", "view", "timeseries"
  std::string view_on;    ///< of a view: the collection or view that it reads
};

/// Reads the state of a database's collections, and changes it. Blocks; used by one thread.
class DatabaseShape {
 public:
  DatabaseShape(mongoc_client_t* client, std::string database)
      : client_(client), database_(std::move(database)) {}

  std::optional<Error> look_at(const std::string& collection, CollectionState& state) const;
  std::optional<Error> look_for(const IndexNeed& need, bool& there) const;
  /// All ordinary collections that are in the set at present and that the user may see, by name.
  std::optional<Error> list(const CollectionSet& set, std::map<std::string, CollectionState>& found) const;

  std::optional<Error> create_with_pre_images(const std::string& collection) const;
  std::optional<Error> enable_pre_images(const std::string& collection) const;
  std::optional<Error> create_index(const IndexNeed& need) const;

 private:
  mongo::Reply run(bson::Builder& command) const;
  std::optional<Error> with_pre_images(const char* command, const std::string& collection) const;

  mongoc_client_t* client_;
  std::string database_;
};

}  // namespace sluice::requirements
