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

/// The documents of the state database that snapshots are asked for and followed by.
namespace sluice::checkpoint {

/// Which rule of which stream publishes what stands in its collections, as {pipeline}/{stream}/{rule}.
std::string snapshot_id(const std::string& pipeline, const std::string& stream, const std::string& rule);

/// A name that no snapshot had before.
std::string new_snapshot_run();

/// A wish for a snapshot. A new one takes the place of the one before it, which is then left where it is.
struct SnapshotRequest {
  std::string id;
  std::string run;  ///< differs from wish to wish; part of the messages' ids
  std::vector<std::string> collections;

  static SnapshotRequest read(bson::View document);
};

/// How far one shard is with it.
struct SnapshotProgress {
  std::string run;
  flow::SnapshotMark mark;

  static SnapshotProgress read(bson::View document);
};

/// By the shard's name, `<index>-of-<count>`.
using ProgressOfShards = std::vector<std::pair<std::string, SnapshotProgress>>;

std::string snapshot_shard(int index, int count);

/// From where a shard goes on with a run: behind what it has published itself, and behind what the shards of
/// any other layout have all published. At the beginning where nobody has begun; done where it was finished.
flow::SnapshotMark mark_to_go_on_from(const ProgressOfShards& all, const std::string& run, int index,
                                      int count);

/// Reads and writes both. Blocks; used by one thread.
class SnapshotStore {
 public:
  SnapshotStore(mongo::ClientPool& pool, std::string database)
      : pool_(pool), database_(std::move(database)) {}

  /// `unless_there`: only where nobody asked before.
  std::optional<Error> ask(const SnapshotRequest& request, bool unless_there);
  std::optional<Error> find(const std::vector<std::string>& ids, std::vector<SnapshotRequest>& requests);
  std::optional<Error> all_progress(const std::string& id, ProgressOfShards& all);
  /// `shard` is the progress's own part of its id.
  std::optional<Error> put_progress(const std::string& id, const std::string& shard,
                                    const SnapshotProgress& progress);

 private:
  std::optional<Error> update(bson::Builder& command);

  mongo::ClientPool& pool_;
  std::string database_;
};

}  // namespace sluice::checkpoint
