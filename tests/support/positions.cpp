#include "support/positions.hpp"

#include <algorithm>

namespace sluice::test {

std::uint64_t oldest_position(workbench::Mongo& state, int shard_count) {
  const auto shards = state.find("shards", "{\"count\":" + std::to_string(shard_count) + "}");
  if (shards.size() < static_cast<std::size_t>(shard_count)) return 0;
  std::uint64_t oldest = UINT64_MAX;
  for (const auto& shard : shards) oldest = std::min(oldest, shard.timestamp("clusterTime"));
  return oldest;
}

std::string time_text(std::uint64_t cluster_time) {
  return std::to_string(cluster_time >> 32U) + "." + std::to_string(cluster_time & 0xffffffff);
}

}  // namespace sluice::test
