#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "checkpoint/shard_records.hpp"
#include "flow/done_table.hpp"
#include "mongo/client.hpp"

namespace sluice::checkpoint {

/// How far a stream was at one cluster time: what its shards and lanes had done, read in one snapshot. So it
/// matches what the collections contained at that time.
struct ProgressSnapshot {
  std::uint64_t at = 0;           ///< cluster time of the snapshot
  std::optional<Position> floor;  ///< everything up to here is done; absent: no worker ever ran
  std::vector<flow::DoneTable::Fact> facts;
  std::vector<BackfillMark> filled;
  bool filling = false;  ///< a backfill is running
};

/// Reads a stream's progress as of now.
std::optional<Error> read_progress_snapshot(mongo::ClientPool& pool, const std::string& state_database,
                                            const std::string& stream_id, ProgressSnapshot& standing);

}  // namespace sluice::checkpoint
