#include "checkpoint/split_positions.hpp"

#include <algorithm>

#include "checkpoint/shard_records.hpp"
#include "requirements/fingerprints.hpp"
#include "rules/registry.hpp"

namespace sluice::checkpoint {

namespace {

std::string hash_of(const StreamConfig& stream, std::vector<RuleConfig> rules) {
  StreamConfig config = stream;
  config.rules = std::move(rules);
  return requirements::options_hash(config.database, rules::make_rules(config));
}

bool has_position(StateTransaction& state, const std::string& stream_id) {
  const auto layout = state.find_layout(stream_id);
  if (!layout) return false;
  const auto shards = state.find_shards(stream_id, layout->count);
  return layout->origin ||
         std::ranges::any_of(shards, [](const ShardRecord& shard) { return shard.floor.has_value(); });
}

/// A copy of the shard for the publishing stream: with what the shard did, and without a holder.
ShardRecord copy_of(StateTransaction& state, const ShardRecord& shard, const SplitPositions& split) {
  ShardRecord copy = shard;
  copy.id = split.publishing + shard.id.substr(split.maintaining.size());
  copy.facts.push_back(fact_of(shard, state.find_lanes(shard.id)));
  copy.lanes = 0;
  copy.has_holder = false;
  copy.expires_at_ms = 0;
  // Above the epoch of any earlier holder of this shard.
  const auto before = state.find_shard(copy.id);
  copy.epoch = std::max(shard.epoch, before ? before->epoch : 0) + 1;
  return copy;
}

}  // namespace

std::optional<SplitPositions> split_of(const std::string& pipeline, const StreamConfig& stream) {
  if (!stream.split) return std::nullopt;
  std::vector<RuleConfig> staying = stream.split->stated;
  std::erase_if(staying, rules::publishes);
  return SplitPositions{pipeline + "/" + stream.split->maintaining, pipeline + "/" + stream.split->publishing,
                        hash_of(stream, std::move(staying)), hash_of(stream, stream.split->stated)};
}

void split_positions(StateTransaction& state, const SplitPositions& split) {
  const auto layout = state.find_layout(split.maintaining);
  if (!layout || has_position(state, split.publishing)) return;
  const auto shards = state.find_shards(split.maintaining, layout->count);
  std::optional<Position> slowest;
  bool published = false;
  for (const ShardRecord& shard : shards) {
    if (!shard.floor) continue;
    if (!slowest || shard.floor->data() < slowest->data()) slowest = shard.floor;
    published |= !shard.options_hash.empty() && shard.options_hash != split.maintaining_hash;
  }
  if (!published) return;
  state.put_layout(split.publishing, layout->count, layout->origin.value_or(*slowest));
  for (const ShardRecord& shard : shards) {
    const ShardRecord copy = copy_of(state, shard, split);
    state.remove_lanes(copy.id);
    state.put_shard(copy, split.publishing);
  }
}

}  // namespace sluice::checkpoint
