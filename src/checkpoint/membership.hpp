#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "checkpoint/lease_holder.hpp"
#include "core/peer.hpp"
#include "mongo/client.hpp"

namespace sluice::checkpoint {

/// A member, as read from the state database. Times are the server's, in milliseconds since the epoch.
struct MemberRecord {
  std::string instance;
  LeaseHolder holder;
  int partitions = 0;  ///< the number of partitions it divides the stream into
  int http_port = 0;   ///< 0: none
  std::int64_t since_ms = 0;
  std::int64_t beat_at_ms = 0;
  std::int64_t expires_at_ms = 0;
  bool live = false;
  std::string options_hash = {};               ///< hash of its rules
  bool hindered = false;                       ///< it cannot reach what it publishes to
  std::vector<std::string> outlets_down = {};  ///< the servers that its messages wait for
  std::optional<Peer> peer = {};               ///< where it offers its feed
  std::string follows = {};                    ///< host:port of the member through which it reads; "": itself
};

/// A shard or partition, and its holder.
struct PartitionRecord {
  std::string id;
  int count = 1;
  int index = 0;
  std::int64_t epoch = 0;
  LeaseHolder holder;
  bool held = false;  ///< its lease has not expired, and its holder is not known to have ended
  std::int64_t since_ms = 0;
  std::int64_t expires_at_ms = 0;
  std::int64_t position_s = 0;    ///< cluster time of its position; 0 for none
  std::string options_hash = {};  ///< hash of the rules of its holder
};

/// The state on which all members of a stream's cluster base their decisions.
struct ClusterRecord {
  std::int64_t now_ms = 0;  ///< the server's clock
  int layout = 0;           ///< the number of parts the positions are divided into; 0 before the first
  std::vector<MemberRecord> members;             ///< in the order of their instances
  std::vector<PartitionRecord> shards;           ///< the shards of the layout, by index
  std::vector<std::string> not_backfilled = {};  ///< names of rules
};

/// Why a member with `partitions` partitions cannot take any while `held` is held: the stream is divided into
/// a different number of parts (`layout`), or the holder runs other rules.
std::string wait_text(const PartitionRecord& held, int layout, int partitions);

/// Reads the cluster's state in one query. Blocks.
std::optional<Error> read_cluster(mongoc_client_t* client, const std::string& state_database,
                                  const std::string& stream_id, ClusterRecord& record);

/// This instance's document in `members`. It says that the instance wants a share of a stream's partitions,
/// for as long as it is renewed. Written by majority, with the server's clock. It is only a hint: leases and
/// epochs decide what a member may write. Each call blocks.
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
    std::optional<Peer> peer = {};  ///< where it offers its feed
  };

  Membership(mongo::ClientPool& pool, std::string state_database, Self self)
      : pool_(pool), database_(std::move(state_database)), self_(std::move(self)) {}

  /// Creates the collection.
  std::optional<Error> prepare();
  /// Joins the cluster, or renews the document.
  /// `follows`: see MemberRecord.
  std::optional<Error> beat(bool hindered, const std::vector<std::string>& outlets_down = {},
                            const std::string& follows = {});
  std::optional<Error> look(ClusterRecord& record);
  /// Deletes the documents of members that have ended or have been silent for a minute after they expired.
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
