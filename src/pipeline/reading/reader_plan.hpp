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

/// What the reader tells the stream. Called on the reader's thread; each hands over to the strand.
struct ReaderObserver {
  std::function<void()> connected;
  std::function<void(const std::string& why)> waiting;  ///< for the lease, or for a server
  /// The lease is held, and the change stream is open behind `at`.
  std::function<void(checkpoint::Acquired, Position at)> opened;
  std::function<void(std::unique_ptr<source::StreamBatch>)> batch;
  std::function<void(const Error&)> reopening;
  /// An event cannot be read whole; for a while the stream reads less of each.
  std::function<void(const Error&, const flow::ReadDetail&)> reading_less;
  std::function<void(int exit_code, const std::string& why)> failed;
};

/// What a reader reads, and what has to be done before it does. The functions are called on its thread and
/// may block.
struct ReaderPlan {
  source::StreamOptions stream;
  checkpoint::AcquireOptions acquire;
  /// Says what its user may not do, once it is connected. May be empty.
  std::function<void(mongoc_client_t*)> tell_rights;
  std::function<std::optional<Error>()> provision;  ///< brings the database into shape
  /// Although it is prepared: a collection that was dropped comes back without its pre-images.
  bool prepare_again = false;
  std::function<std::optional<Error>()> prepare_sinks;  ///< those outside MongoDB
  /// Fills the targets before the first event where that is wanted; Held: somebody else does.
  std::function<std::variant<std::monostate, checkpoint::Held, Error>(const std::stop_token&)> fill;
  /// Asked before the first event which rules begin on documents that stand already.
  std::function<std::optional<Error>(checkpoint::Acquired&)> check_filled;
  /// How far another program has published what this stream does, which has come to `own` itself. May be
  /// empty. Blocks.
  std::function<std::optional<Error>(const std::optional<Position>& own, checkpoint::ForeignProgress&)>
      look_elsewhere;
  /// Stores where it begins before what it publishes to is reached: what happens until then is published,
  /// too.
  bool origin_first = false;
  /// Told why it does not run yet, and "" when it does. Blocks. May be empty.
  std::function<void(const std::string& why)> note_problem;
  bool tells_only = false;  ///< no rule keeps state, so the stream goes on after its database was dropped
  std::optional<checkpoint::LostPosition>
      rebuild;  ///< start by forgetting the position and filling everything again
  std::unique_ptr<SnapshotPump> snapshots;
  std::unique_ptr<source::OwnWrites> own_writes;  ///< null where no rule leaves them out
  /// Of a stream with rules that have dedup windows: empty ones.
  std::optional<std::vector<checkpoint::DedupRecord>> no_repetitions = {};
  std::string hosts;  ///< for messages
  /// A server that stays away while it starts is waited for: the instance runs already, and was told where
  /// its server is when it did.
  bool patient = false;
};

}  // namespace sluice::pipeline
