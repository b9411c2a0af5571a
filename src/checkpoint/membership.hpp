#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "checkpoint/lease_holder.hpp"
#include "mongo/client.hpp"

namespace sluice::checkpoint {

/// A member as the state database tells of it. Times are the server's, in milliseconds since the epoch.
struct MemberRecord {
  std::string instance;
  LeaseHolder holder;
  int partitions = 0;  ///< into how many it divides the stream
  int http_port = 0;   ///< 0: none
  std::int64_t since_ms = 0;
  std::int64_t beat_at_ms = 0;
  std::int64_t expires_at_ms = 0;
  bool live = false;
  std::string options_hash = {};               ///< of the rules it goes by
  bool hindered = false;                       ///< it does not reach what it publishes to
  std::vector<std::string> outlets_down = {};  ///< the servers that its messages wait for
};

/// A shard or partition, and whoever holds it.
struct PartitionRecord {
  std::string id;
  int count = 1;
  int index = 0;
  std::int64_t epoch = 0;
  LeaseHolder holder;
  bool held = false;  ///< its lease runs, and its holder is not known to be gone
  std::int64_t since_ms = 0;
  std::int64_t expires_at_ms = 0;
  std::int64_t position_s = 0;    ///< cluster time of its position; 0 for none
  std::string options_hash = {};  ///< of the rules it was taken with
};

/// What all members of a stream's cluster decide by.
struct ClusterRecord {
  std::int64_t now_ms = 0;              ///< the server's clock
  int layout = 0;                       ///< into how many parts the positions are divided; 0 before the first
  std::vector<MemberRecord> members;    ///< in the order of their instances
  std::vector<PartitionRecord> shards;  ///< those of the layout, in their order
  std::vector<std::string> not_backfilled = {};  ///< rules
};

/// Why a member of a cluster with `partitions` partitions holds none while this one is held: the stream is
/// divided into `layout` parts, which is another number, or it is held by other rules.
std::string wait_text(const PartitionRecord& held, int layout, int partitions);

/// Reads it in one question. Blocks.
std::optional<Error> read_cluster(mongoc_client_t* client, const std::string& state_database,
                                  const std::string& stream_id, ClusterRecord& record);

/// This instance's place among those that divide a stream's partitions: a document that says so, for as long
/// as it is renewed. Written by majority, by the server's clock. It only tells who wants a share; what a
/// member may write is decided by the leases and epochs of the partitions. Each call blocks.
class Membership {
 public:
  struct Self {
    std::string pipeline;
    std::string stream_id;
    LeaseHolder holder;
    int partitions;
    std::string options_hash;
    int http_port;
    int lease_ms;
  };

  Membership(mongo::ClientPool& pool, std::string state_database, Self self)
      : pool_(pool), database_(std::move(state_database)), self_(std::move(self)) {}

  /// Creates the collection.
  std::optional<Error> prepare();
  /// Joins, or stays.
  std::optional<Error> beat(bool hindered, const std::vector<std::string>& outlets_down = {});
  std::optional<Error> look(ClusterRecord& record);
  /// Takes the documents of the dead away, so that nobody has to wonder about them.
  std::optional<Error> bury(const ClusterRecord& record);
  std::optional<Error> leave();

  const std::string& instance() const { return self_.holder.instance; }

 private:
  std::string id() const { return self_.stream_id + "/" + instance(); }

  mongo::ClientPool& pool_;
  std::string database_;
  Self self_;
};

}  // namespace sluice::checkpoint
