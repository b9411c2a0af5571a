#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bson/builder.hpp"
#include "mongo/client.hpp"
#include "sluice/position.hpp"

/// The documents of the state database that snapshots are asked for and followed by.
namespace sluice::pipeline {

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
  std::size_t collection = 0;  ///< index in the request's
  std::vector<std::uint8_t> after =
      {};                      ///< {v: the last id that is published}; empty at a collection's start
  std::int64_t documents = 0;  ///< published so far
  bool done = false;

  static SnapshotProgress read(bson::View document);
};

/// Reads and writes both. Blocks; used by one thread.
class SnapshotStore {
 public:
  SnapshotStore(mongo::ClientPool& pool, std::string database)
      : pool_(pool), database_(std::move(database)) {}

  /// `unless_there`: only where nobody asked before.
  std::optional<Error> ask(const SnapshotRequest& request, bool unless_there);
  std::optional<Error> find(const std::vector<std::string>& ids, std::vector<SnapshotRequest>& requests);
  /// `shard` is the progress's own part of its id.
  std::optional<Error> find_progress(const std::string& id, const std::string& shard,
                                     std::optional<SnapshotProgress>& progress);
  std::optional<Error> all_progress(const std::string& id,
                                    std::vector<std::pair<std::string, SnapshotProgress>>& all);
  std::optional<Error> put_progress(const std::string& id, const std::string& shard,
                                    const SnapshotProgress& progress);

 private:
  std::optional<Error> update(bson::Builder& command);

  mongo::ClientPool& pool_;
  std::string database_;
};

}  // namespace sluice::pipeline
