#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "checkpoint/acquisition.hpp"
#include "checkpoint/layout_store.hpp"
#include "checkpoint/renewal.hpp"

namespace sluice::checkpoint {

/// One shard in the state database: a document for the shard (lease, epoch, floor) and one for each lane
/// (position, number of commits). The sink moves the lanes' positions, in the transaction of their effects;
/// everything else is changed here. Every change requires the holder's epoch, so a former holder can change
/// nothing. LayoutStore has what concerns all shards of the stream. Blocks. Thread-safe: each call takes a
/// client of its own.
class CheckpointStore : public LayoutStore {
 public:
  using LayoutStore::LayoutStore;

  /// Takes the lease, or returns who has it. Throws Stop, with the remedy, if the stored position must not be
  /// used because the rules have changed. Positions are carried over if the number of shards or lanes has
  /// changed.
  AcquireResult acquire(const AcquireOptions& options);

  /// What renews the lease and, if `floor` is given, stores it. `forget_facts`: deletes the facts, because
  /// the stream has passed all of them. `windows`: the dedup windows as of the floor; without them the stored
  /// ones stay. Does not block.
  Renewal renewal(std::int64_t epoch, int lease_ms, const std::optional<Position>& floor, bool forget_facts,
                  const std::optional<std::vector<DedupRecord>>& windows = {}) const;

  /// Stores such a renewal of this shard by itself. ErrorKind::fenced if another worker has taken the shard.
  std::optional<Error> renew(std::int64_t epoch, int lease_ms, const std::optional<Position>& floor,
                             bool forget_facts, const std::optional<std::vector<DedupRecord>>& windows = {});

  /// Gives the lease back, so that the next holder need not wait.
  std::optional<Error> release(std::int64_t epoch);

 private:
  std::optional<Error> end_transactions_of_the_dead(mongoc_client_t* client, int lease_ms);
};

}  // namespace sluice::checkpoint
