#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <variant>

#include "checkpoint/checkpoint_store.hpp"
#include "checkpoint/foreign_tokens.hpp"
#include "flow/budget.hpp"
#include "flow/read_detail.hpp"
#include "flow/resume.hpp"
#include "observe/log/log_line.hpp"
#include "observe/log/repeated_warning.hpp"
#include "pipeline/snapshot_pump.hpp"
#include "pipeline/stream_resources.hpp"
#include "source/change_stream.hpp"
#include "source/own_writes.hpp"

namespace sluice::pipeline {

/// What the reader tells the stream. Called on the reader's thread; each hands over to the strand.
struct ReaderEvents {
  std::function<void()> connected;
  std::function<void(const std::string& why)> waiting;  ///< for the lease
  std::function<void(checkpoint::Acquired, Position at)>
      opened;  ///< ours, and the stream is open behind `at`
  std::function<void(std::unique_ptr<source::StreamBatch>)> batch;
  std::function<void(const Error&)> reopening;
  std::function<void(const Error&, const flow::ReadDetail&)>
      reading_less;  ///< for a while, past a large event
  std::function<void(int exit_code, const std::string& why)> failed;
};

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

/// The one thread of a stream that blocks on its cursor. First it brings the stream up: connects, takes the
/// lease, opens behind the stored position. Then it reads batch after batch, waiting while the budget is
/// spent, and opens again after errors that pass.
class Reader {
 public:
  Reader(mongo::ClientPool& pool, checkpoint::CheckpointStore& store, flow::Budget& budget, ReaderPlan plan,
         ReaderEvents events, StreamResources& commons, const observe::StreamLog& log);
  ~Reader();
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  void start();

  /// Thread-safe; returns at once. The thread ends at the latest when its present call to the server returns.
  void request_stop();

  /// True when the thread is about to end: joining it takes no time.
  bool ended() const { return ended_.load(); }

  /// Under which epoch the shard was taken; 0 before. Thread-safe.
  std::int64_t epoch() const { return epoch_.load(); }

 private:
  void run(const std::stop_token& stop);
  bool connect(const std::stop_token& stop);
  bool prepare(const std::stop_token& stop);
  bool settle_origin(const std::stop_token& stop);
  void note_problem(const std::string& why);
  bool fill(const std::stop_token& stop);
  void wait_for(const checkpoint::Held& held, std::string& last_holder, const std::stop_token& stop);
  checkpoint::AcquireResult take_lease();
  std::optional<checkpoint::Acquired> acquire(const std::stop_token& stop);
  checkpoint::Held conflict(int times) const;
  bool begin_windows(checkpoint::Acquired& acquired, const std::stop_token& stop);
  bool check_filled(checkpoint::Acquired& acquired, const std::stop_token& stop);
  bool look_elsewhere(checkpoint::Acquired& acquired, std::optional<Position>& after,
                      const std::stop_token& stop);
  bool open_first(source::ChangeStream& stream, checkpoint::Acquired& acquired, Position& at,
                  const std::stop_token& stop);
  void read(source::ChangeStream& stream, Position at, const std::stop_token& stop);
  void tell_what_stands(source::ChangeStream& stream, const Position& at, const std::stop_token& stop);
  std::optional<Error> mark_own(source::ChangeStream& stream, source::StreamBatch& batch);
  void provide_again();
  bool reads_less(const Error& error);
  bool open_again(source::ChangeStream& stream, Position& at, const Error& error,
                  const std::stop_token& stop);
  bool change_reading(source::ChangeStream& stream, Position& at, const std::stop_token& stop);
  bool move(source::ChangeStream& stream, Position& at, const std::stop_token& stop);
  bool reopen(source::ChangeStream& stream, Position& at, Error error, const std::stop_token& stop);

  /// Runs a step until it succeeds; false when it never will (reported) or on stop.
  std::string failure(const char* what, const Error& error, bool may_be_away) const;
  bool retry_until(const char* what, const std::stop_token& stop,
                   const std::function<std::optional<Error>()>& step);
  bool pause(flow::Duration time, const std::stop_token& stop);

  mongo::ClientPool& pool_;
  checkpoint::CheckpointStore& store_;
  flow::Budget& budget_;
  ReaderPlan plan_;
  ReaderEvents events_;
  StreamResources& commons_;
  const observe::StreamLog log_;
  flow::ResumePolicy policy_;
  flow::ReadingPolicy reading_;
  observe::RepeatedWarning snapshot_unread_;
  std::optional<std::string> noted_;  ///< of note_problem()
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::atomic<bool> ended_{true};
  std::atomic<std::int64_t> epoch_{0};
  std::jthread thread_;
};

}  // namespace sluice::pipeline
