#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "checkpoint/acquisition.hpp"
#include "checkpoint/layout_store.hpp"

namespace sluice::checkpoint {

/// One shard in the state database: a document for the shard (lease, epoch, floor) and one for each lane
/// (position, number of commits). Lanes' positions are moved by the sink, in the transaction of their
/// effects; everything else is moved here. Every change names the epoch it is made under, so a holder that
/// was taken over changes nothing any more. What concerns all shards of the stream is the layout's. Blocks;
/// thread-safe in that each call takes a client of its own.
class CheckpointStore : public LayoutStore {
 public:
  using LayoutStore::LayoutStore;

  /// Takes the lease, or says who has it. Throws Stop when the stored position must not be used as things are
  /// (changed rules), with the remedy. A changed number of shards or lanes is carried over.
  AcquireResult acquire(const AcquireOptions& options);

  /// Renews the lease and, where given, moves the floor. `forget_facts`: the stream has passed all of them.
  /// `windows`: the dedup windows as of the floor; without them those that are stored stay.
  /// ErrorKind::fenced when the shard is somebody else's.
  std::optional<Error> renew(std::int64_t epoch, int lease_ms, const std::optional<Position>& floor,
                             bool forget_facts, const std::optional<std::vector<DedupRecord>>& windows = {});

  /// Gives the lease back, so that the next holder need not wait.
  std::optional<Error> release(std::int64_t epoch);

 private:
  std::optional<Error> end_transactions_of_the_dead(mongoc_client_t* client, int lease_ms);
};

}  // namespace sluice::checkpoint
