#include "sinks/kafka/exactly_once/sent_before.hpp"

#include <algorithm>

namespace sluice::sinks::kafka {

bool covers(const PositionRecord& record, const PlacedMessage& message) {
  if (message.position.empty() || message.position > record.position) return false;
  return record.refused.empty() ||
         std::ranges::find(record.refused, refused_name(message.topic, message.id)) == record.refused.end();
}

SentByOthers::SentByOthers(const PositionRecords& records, const LaneName& own) : own_shards_(own.shards) {
  for (const auto& [key, record] : records) {
    const auto name = LaneName::parse(key);
    if (!name || name->stream != own.stream || record.position.empty()) continue;
    const bool same_shards = name->shards == own.shards;
    if (same_shards && (name->shard != own.shard || name->lanes == own.lanes)) continue;
    if (!same_shards) other_shards_ = name->shards;
    newest_ = std::max(newest_, record.position);
    lanes_.push_back({*name, record});
  }
}

SentBefore SentByOthers::sent(const PlacedMessage& message) const {
  if (message.position.empty() || message.position > newest_) return SentBefore::no;
  SentBefore answer = SentBefore::no;
  for (const auto& [name, record] : lanes_) {
    if (message.key % name.lanes != name.lane || !covers(record, message)) continue;
    const bool unknown = name.shards != own_shards_ && message.shard_hash == 0;
    if (unknown) {
      answer = SentBefore::unknown;
    } else if (name.shards == own_shards_ || message.shard_hash % name.shards == name.shard) {
      return SentBefore::yes;
    }
  }
  return answer;
}

}  // namespace sluice::sinks::kafka
