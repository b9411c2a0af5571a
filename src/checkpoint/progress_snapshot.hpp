#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "checkpoint/shard_records.hpp"
#include "flow/done_table.hpp"
#include "mongo/client.hpp"

namespace sluice::checkpoint {

/// How far a stream was at one moment: everything its shards and lanes had done, read from one snapshot, so
/// that it fits what collections held at that very moment.
struct ProgressSnapshot {
  std::uint64_t at = 0;           ///< cluster time of the snapshot
  std::optional<Position> floor;  ///< everything up to here is done; absent: no worker ever ran
  std::vector<flow::DoneTable::Fact> facts;
  std::vector<BackfillMark> filled;
  bool filling = false;     ///< a backfill is under way
  bool needs_hash = false;  ///< some facts hold for some documents only
};

/// Reads the standing of a stream now.
std::optional<Error> read_progress_snapshot(mongo::ClientPool& pool, const std::string& state_database,
                                            const std::string& stream_id, ProgressSnapshot& standing);

}  // namespace sluice::checkpoint
