#include "checkpoint/progress_snapshot.hpp"

#include <algorithm>
#include <functional>
#include <map>

#include "config/state_names.hpp"
#include "mongo/snapshot_cursor.hpp"

namespace sluice::checkpoint {

namespace {

/// Reads the state collections of a stream, all as of the same cluster time.
class StateReader {
 public:
  StateReader(mongo::ClientPool& pool, const std::string& database) : cursor_(pool), database_(database) {}

  std::optional<Error> each(const char* collection, const std::function<void(bson::Builder&)>& filter,
                            const std::function<void(bson::View)>& visit) {
    bson::Builder find;
    find.append("find", collection).open("filter");
    filter(find);
    find.close();
    if (auto error = cursor_.open(database_, collection, find, at_)) return error;
    at_ = cursor_.at();
    std::vector<bson::View> documents;
    do {
      if (auto error = cursor_.next(documents)) return error;
      std::ranges::for_each(documents, visit);
    } while (!documents.empty());
    return std::nullopt;
  }

  std::uint64_t at() const { return at_; }

 private:
  mongo::SnapshotCursor cursor_;
  const std::string& database_;
  std::uint64_t at_ = 0;
};

struct Records {
  std::optional<LayoutRecord> layout;
  std::vector<ShardRecord> shards;
  std::map<std::string, std::vector<LaneRecord>> lanes;  ///< by shard
};

std::optional<Error> read_records(StateReader& reader, const std::string& stream_id, Records& records) {
  const auto this_stream = [&](bson::Builder& filter) { filter.append("_id", stream_id); };
  auto error = reader.each(state::layouts, this_stream,
                           [&](bson::View document) { records.layout = LayoutRecord::read(document); });
  if (error || !records.layout) return error;
  const auto its_shards = [&](bson::Builder& filter) {
    filter.append("streamId", stream_id).append("count", records.layout->count);
  };
  error = reader.each(state::shards, its_shards,
                      [&](bson::View document) { records.shards.push_back(ShardRecord::read(document)); });
  if (error) return error;
  const auto their_lanes = [&](bson::Builder& filter) {
    filter.open("shard").open_array("$in");
    for (const ShardRecord& shard : records.shards) filter.append(filter.item(), shard.id);
    filter.close().close();
  };
  return reader.each(state::lanes, their_lanes, [&](bson::View document) {
    records.lanes[std::string(document.at("shard").text())].push_back(LaneRecord::read(document));
  });
}

}  // namespace

std::optional<Error> read_progress_snapshot(mongo::ClientPool& pool, const std::string& state_database,
                                            const std::string& stream_id, ProgressSnapshot& standing) {
  standing = {};
  Records records;
  StateReader reader(pool, state_database);
  if (auto error = read_records(reader, stream_id, records)) return error;
  standing.at = reader.at();
  if (!records.layout) return std::nullopt;
  if (records.layout->fill) {
    standing.filling = records.layout->fill->running;
    standing.filled = records.layout->fill->rules;
  }
  bool all_started = static_cast<int>(records.shards.size()) == records.layout->count;
  for (const ShardRecord& shard : records.shards) {
    auto& lanes = records.lanes[shard.id];
    std::ranges::sort(lanes, {}, &LaneRecord::lane);
    standing.facts.insert(standing.facts.end(), shard.facts.begin(), shard.facts.end());
    standing.facts.push_back(fact_of(shard, lanes));
    all_started = all_started && shard.floor;
    const bool lowest = shard.floor && (!standing.floor || shard.floor->data() < standing.floor->data());
    if (lowest) standing.floor = shard.floor;
  }
  // A shard that never ran has done nothing since the origin.
  if (!all_started) standing.floor = records.layout->origin;
  return std::nullopt;
}

}  // namespace sluice::checkpoint
