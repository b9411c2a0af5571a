#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/position.hpp"
#include "flow/snapshot_course.hpp"
#include "mongo/client.hpp"
#include "sluice/bson_builder.hpp"

/// The documents of the state database that request snapshots and store their progress.
namespace sluice::checkpoint {

/// Identifies the snapshot of a rule of a stream, as {pipeline}/{stream}/{rule}.
std::string snapshot_id(const std::string& pipeline, const std::string& stream, const std::string& rule);

/// A unique name for a run of a snapshot.
std::string new_snapshot_run();

/// A request for a snapshot. A new request replaces the one before, whose snapshot then stops where it is.
struct SnapshotRequest {
  std::string id;
  std::string run;  ///< unique for each request; part of the messages' ids
  std::vector<std::string> collections;

  static SnapshotRequest read(bson::View document);
};

/// How far one shard is with a snapshot.
struct SnapshotProgress {
  std::string run;
  flow::SnapshotMark mark;

  static SnapshotProgress read(bson::View document);
};

/// Pairs of a shard's name, `<index>-of-<count>`, and its progress.
using ProgressOfShards = std::vector<std::pair<std::string, SnapshotProgress>>;

std::string snapshot_shard(int index, int count);

/// Where a shard continues a run: after what it has published itself, and after what all shards of any other
/// layout have published. At the beginning if no shard has begun; done if it was finished.
flow::SnapshotMark mark_to_go_on_from(const ProgressOfShards& all, const std::string& run, int index,
                                      int count);

/// Reads and writes requests and progress. Blocks; used by one thread.
class SnapshotStore {
 public:
  SnapshotStore(mongo::ClientPool& pool, std::string database)
      : pool_(pool), database_(std::move(database)) {}

  /// Stores a request. `unless_there`: only if there is no earlier request for this id.
  std::optional<Error> ask(const SnapshotRequest& request, bool unless_there);
  std::optional<Error> find(const std::vector<std::string>& ids, std::vector<SnapshotRequest>& requests);
  std::optional<Error> all_progress(const std::string& id, ProgressOfShards& all);
  /// `shard`: the name by snapshot_shard().
  std::optional<Error> put_progress(const std::string& id, const std::string& shard,
                                    const SnapshotProgress& progress);

 private:
  std::optional<Error> update(bson::Builder& command);

  mongo::ClientPool& pool_;
  std::string database_;
};

}  // namespace sluice::checkpoint
