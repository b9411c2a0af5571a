#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "mongo/client.hpp"
#include "sluice/bson_builder.hpp"

namespace sluice::checkpoint {

/// What the holder of a shard's lease stores: the lease's new end, and with it a position. Made by
/// CheckpointStore::renewal().
struct Renewal {
  std::string shard_id;
  bson::Builder update;  ///< an entry of an update command's `updates`, which matches only the holder's epoch
};

/// Stores renewals of different shards with one command. If the server refuses it, or a shard is no longer
/// its holder's, each half is stored by itself, and so on. Returns the error of each, if any, in the same
/// order: ErrorKind::fenced if another worker has taken that shard. Blocks.
std::vector<std::optional<Error>> store_renewals(mongoc_client_t* client, const std::string& database,
                                                 std::span<Renewal> renewals);

}  // namespace sluice::checkpoint
