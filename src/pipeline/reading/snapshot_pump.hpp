#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "checkpoint/snapshot_records.hpp"
#include "flow/snapshot_course.hpp"
#include "flow/time.hpp"
#include "mongo/snapshot_cursor.hpp"
#include "observe/log/log_line.hpp"
#include "observe/log/repeated_warning.hpp"
#include "sluice/rule.hpp"
#include "source/change_stream.hpp"

namespace sluice::pipeline {

/// Publishes the existing documents of a collection. Reads the collection in chunks, each as of the stream's
/// current position, and inserts them into the stream there. So each document's snapshot and its changes are
/// in order, without a gap and without pausing the stream.
///
/// flow::SnapshotCourse decides what to do next. Used by the reader's thread; its batches may be released on
/// any thread.
class SnapshotPump {
 public:
  struct Options {
    std::string pipeline;
    std::string stream;
    std::string database;
    std::string state_database;
    int shard_count = 1;
    int shard_index = 0;
  };

  SnapshotPump(mongo::ClientPool& pool, Options options, const std::vector<std::unique_ptr<Rule>>& rules,
               const observe::StreamLog& log);

  /// On the stream's very first start: requests the snapshots of rules that begin with one.
  std::optional<Error> begin();

  /// Requests all snapshots again: the existing documents make up for missed changes.
  std::optional<Error> begin_again();

  /// Checks for new requests once a second. True if next() has a chunk to read.
  bool active(flow::Time now);

  /// Reads the next chunk as of `at`, with at most so many documents. Call it only after active() returned
  /// true. After an error, active() returns true again when it is time to retry the same chunk.
  std::optional<Error> next(const Position& at, std::unique_ptr<source::StreamBatch>& batch,
                            std::size_t most_documents = SIZE_MAX);

 private:
  struct Source {
    std::string id;
    std::uint16_t rule;
    std::vector<Subscription> subscriptions;
    bool at_first_start;
  };
  struct Run {
    std::size_t source = 0;
    checkpoint::SnapshotRequest request;
  };
  /// Outlives the pump: batches in flight refer to it.
  struct Shared {
    std::mutex mutex;
    /// Guarded by `mutex`; of the current run, or else of the last one.
    std::optional<flow::SnapshotCourse> course;
  };

  using Chunk = std::vector<std::vector<std::uint8_t>>;  ///< documents

  std::optional<Error> ask(const Source& source, const std::string& run, bool unless_there);
  std::optional<Error> look(flow::Time now);
  std::optional<Error> start(std::size_t source, checkpoint::SnapshotRequest request);
  void store_progress(flow::Time now);
  std::optional<Error> read_next(const Position& at, const flow::SnapshotMark& from,
                                 flow::SnapshotMark& behind, Chunk& chunk);
  std::optional<Error> read_as_of(const Subscription& subscription, const Position& at, std::uint64_t read_at,
                                  const flow::SnapshotMark& from, std::vector<std::uint8_t>& end,
                                  Chunk& chunk);
  std::optional<Error> find_end(const std::string& collection, std::uint64_t read_at,
                                const flow::SnapshotMark& from, std::vector<std::uint8_t>& end);
  void append_range(bson::Builder& pipeline, const flow::SnapshotMark& from,
                    const std::vector<std::uint8_t>& end) const;
  const Subscription* subscription_of(const std::string& collection) const;
  std::string shard() const;

  mongo::ClientPool& pool_;
  Options options_;
  checkpoint::SnapshotStore store_;
  const observe::StreamLog log_;
  observe::RepeatedWarning not_stored_;
  std::vector<Source> sources_;
  std::map<std::string, std::string> finished_;  ///< for each request id the run that is finished
  std::optional<Run> run_;
  /// Snapshots that cannot be read and let others go first, and until when.
  std::map<std::string, flow::Time> waiting_;
  std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();
  std::uint64_t last_chunk_ = 0;
  std::int32_t documents_ = 0;  ///< in the next chunk
  std::optional<flow::Time> looked_at_;
};

}  // namespace sluice::pipeline
