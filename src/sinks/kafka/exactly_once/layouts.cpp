#include "sinks/kafka/exactly_once/layouts.hpp"

#include <algorithm>
#include <optional>

namespace sluice::sinks::kafka {

namespace {

std::optional<LaneName> name_of_key(std::string_view key) {
  auto name = LaneName::parse(key);
  return name ? name : LaneName::parse_layout(key);
}

/// Whether both may write messages of the same document.
bool share_documents(const LaneName& one, const LaneName& other) {
  return one.stream == other.stream && (one.shards != other.shards || one.shard == other.shard);
}

bool same_layout(const LaneName& one, const LaneName& other) {
  return one.shards == other.shards && one.lanes == other.lanes;
}

}  // namespace

bool is_superseded(const PositionRecords& records, const LaneName& own, std::int64_t epoch) {
  return std::ranges::any_of(records, [&](const auto& entry) {
    const auto name = name_of_key(entry.first);
    return name && share_documents(*name, own) && entry.second.epoch > epoch;
  });
}

std::vector<LaneName> open_lanes(const PositionRecords& records, const LaneName& own) {
  std::vector<LaneName> open;
  for (const auto& [key, record] : records) {
    const auto layout = LaneName::parse_layout(key);
    if (!layout || !share_documents(*layout, own) || same_layout(*layout, own)) continue;
    for (std::uint64_t lane = 0; lane < layout->lanes; ++lane) {
      LaneName name = layout->with_lane(lane);
      const auto found = records.find(name.id());
      if (found == records.end() || !found->second.closed) open.push_back(std::move(name));
    }
  }
  return open;
}

}  // namespace sluice::sinks::kafka
