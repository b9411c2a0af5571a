#pragma once

#include <cstdint>
#include <vector>

#include "sinks/kafka/exactly_once/lane_name.hpp"
#include "sinks/kafka/exactly_once/position_record.hpp"

namespace sluice::sinks::kafka {

/// Whether a worker with a newer lease has written: one of the same shard, or of a layout with another number
/// of shards. A new layout begins with higher epochs than any shard had before it.
bool is_superseded(const PositionRecords& records, const LaneName& own, std::int64_t epoch);

/// The lanes of other layouts that could still write messages of this shard's documents, because no worker
/// has closed them. A worker announces its layout before it writes, so all that may write are known.
std::vector<LaneName> open_lanes(const PositionRecords& records, const LaneName& own);

}  // namespace sluice::sinks::kafka
