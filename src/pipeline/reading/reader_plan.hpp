#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <variant>
#include <vector>

#include "checkpoint/checkpoint_store.hpp"
#include "checkpoint/foreign_tokens.hpp"
#include "flow/read_detail.hpp"
#include "pipeline/reading/snapshot_pump.hpp"
#include "source/change_stream.hpp"
#include "source/own_writes.hpp"

namespace sluice::pipeline {

/// Callbacks from the reader to its stream. They are called on the reader's thread, and pass what they get to
/// the strand.
struct ReaderObserver {
  std::function<void()> connected;
  std::function<void(const std::string& why)> waiting;  ///< the start waits for the lease or for a server
  /// The lease is held, and the change stream is open after `at`.
  std::function<void(checkpoint::Acquired, Position at)> opened;
  std::function<void(std::unique_ptr<source::StreamBatch>)> batch;
  std::function<void(const Error&)> reopening;
  /// An event cannot be read whole; for a while the stream reads less of each event.
  std::function<void(const Error&, const flow::ReadDetail&)> reading_less;
  std::function<void(int exit_code, const std::string& why)> failed;
};

/// What a reader reads, and the steps before it reads. The functions are called on the reader's thread and
/// may block.
struct ReaderPlan {
  source::StreamOptions stream;
  std::unique_ptr<source::EventStream> events;  ///< what the events are read from; the start-up takes it
  checkpoint::AcquireOptions acquire;
  /// Logs the rights that the database user lacks, once connected. May be empty.
  std::function<void(mongoc_client_t*)> tell_rights;
  std::function<std::optional<Error>()> provision;  ///< prepares the database
  /// Call `provision` even if another part of the stream has done so: a collection that was dropped and made
  /// again does not keep pre-images.
  bool prepare_again = false;
  std::function<std::optional<Error>()> prepare_sinks;  ///< prepares the outlets
  /// Runs a backfill before the first event, if one is requested and not done yet. Held: another process runs
  /// it.
  std::function<std::variant<std::monostate, checkpoint::Held, Error>(const std::stop_token&)> fill;
  /// Called before the first event: stores which of the new rules begin on existing documents.
  std::function<std::optional<Error>(checkpoint::Acquired&)> check_filled;
  /// Finds how far another program has published what this stream publishes. `own` is the stream's stored
  /// position. Blocks. May be empty.
  std::function<std::optional<Error>(const std::optional<Position>& own, checkpoint::ForeignProgress&)>
      look_elsewhere;
  /// Store the first position before the outlets are reached, so that what happens until then is published
  /// later.
  bool origin_first = false;
  /// Called with the reason why the stream does not run yet, and with "" once it runs. Blocks. May be empty.
  std::function<void(const std::string& why)> note_problem;
  bool tells_only = false;  ///< no rule keeps state, so the stream continues after its database was dropped
  std::optional<checkpoint::LostPosition>
      rebuild;  ///< set: begin by dropping the position and filling all targets again
  std::unique_ptr<SnapshotPump> snapshots;
  std::unique_ptr<source::OwnWrites> own_writes;  ///< null if no rule ignores them
  /// Empty dedup windows, one for each rule with `dedup_s`; absent if there is no such rule.
  std::optional<std::vector<checkpoint::DedupRecord>> no_repetitions = {};
  std::string hosts;  ///< for messages
  /// Wait for MongoDB without a limit while the stream starts: the instance runs already, and its configured
  /// address is known to be right.
  bool patient = false;
};

}  // namespace sluice::pipeline
