#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sinks/kafka/exactly_once/lane_name.hpp"
#include "sinks/kafka/exactly_once/position_record.hpp"

namespace sluice::sinks::kafka {

/// A message, as far as its place in the stream goes.
struct PlacedMessage {
  std::uint64_t key = 0;  ///< decides the lane: its remainder by the number of lanes
  /// The server's hash of the document's id, which decides the shard; 0: not known.
  std::uint64_t shard_hash = 0;
  std::string_view position;  ///< `_data` of its event's token; "": it has none, because it is of a snapshot
  std::string_view topic;
  std::string_view id;
};

enum class SentBefore : std::uint8_t {
  no,
  yes,
  unknown,  ///< a layout with another number of shards may have sent it, and the hash is not known
};

/// Whether the record says that this message is in its topic.
bool covers(const PositionRecord& record, const PlacedMessage& message);

/// What workers of other layouts sent before this one began. Their lanes are closed, so it does not change.
class SentByOthers {
 public:
  /// Takes what concerns the shard of `own`.
  SentByOthers(const PositionRecords& records, const LaneName& own);

  SentBefore sent(const PlacedMessage& message) const;
  /// The number of shards of a layout because of which an answer was unknown.
  std::uint64_t other_shards() const { return other_shards_; }

 private:
  struct OneLane {
    LaneName name;
    PositionRecord record;
  };

  std::vector<OneLane> lanes_;
  std::string newest_;  ///< of lanes_
  std::uint64_t own_shards_;
  std::uint64_t other_shards_ = 0;
};

}  // namespace sluice::sinks::kafka
