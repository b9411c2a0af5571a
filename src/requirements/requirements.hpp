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

/// What the rules of a stream need of its database, and how the server's answers say whether it is there: the
/// one description that `provision` makes true and `inspect` reports on.
namespace sluice::requirements {

inline constexpr const char* no_replica_set =
    "the server is not a member of a replica set, so it has no change streams; start mongod with --replSet "
    "and "
    "run rs.initiate() once";

/// Appended to the error for a server that does not answer at the start.
inline constexpr const char* is_it_running =
    ". Is the server running, and is the replica set's name in the URI correct?";

/// An error that says what to do if the server has no change streams, or the error that kept it from
/// answering.
std::optional<Error> has_change_streams(mongoc_client_t* client);

using Rules = std::vector<std::unique_ptr<Rule>>;

/// Everything that the rules read, merged by collection.
std::vector<Subscription> subscriptions_of(const Rules& rules);

/// The collections that subscriptions read at present, in their order, each once: those that are named, and
/// those that patterns match. Blocks.
std::optional<Error> collections_of(mongoc_client_t* client, const std::string& database,
                                    const std::vector<Subscription>& subscriptions,
                                    std::vector<std::string>& names);

/// Everything that the rules send out of MongoDB, and how.
std::vector<const DeliveryPlan*> deliveries_of(const Rules& rules);

/// What of the database's events leaves the server for these rules, and for this shard of them.
source::StreamFilter filter_of(const Rules& rules, int shard_count = 1, int shard_index = 0);

/// Every index that the rules look targets up by, each once.
std::vector<IndexNeed> indexes_of(const Rules& rules);

/// What carrying out a rule's effects does to one collection, in the server's names for actions.
struct Access {
  std::string collection;
  std::vector<std::string> actions;
};
std::vector<Access> accesses_of(const Rule& rule);

/// Whether an index, as listIndexes describes it, finds the documents by `field`: it begins with the field
/// and holds every document.
bool serves(bson::View index, const std::string& field);

/// The mongosh lines that create what is missing.
std::string create_index_line(const std::string& database, const IndexNeed& need);
std::string enable_pre_images_line(const std::string& database, const std::string& collection);

/// A collection as the server describes it.
struct CollectionState {
  bool exists = false;
  bool pre_images = false;
  bool capped = false;
  std::string collation;  ///< the default one as JSON; empty: byte by byte
  std::string kind;       ///< "collection", "view", "timeseries"
  std::string view_on;    ///< of a view: the collection, or view, under it
};

/// Asks about a database's collections, and changes them. Blocks; used by one thread.
class DatabaseShape {
 public:
  DatabaseShape(mongoc_client_t* client, std::string database)
      : client_(client), database_(std::move(database)) {}

  std::optional<Error> look_at(const std::string& collection, CollectionState& state) const;
  std::optional<Error> look_for(const IndexNeed& need, bool& there) const;
  /// All ordinary collections that are in the set at present, by name, as far as the user may see them.
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
