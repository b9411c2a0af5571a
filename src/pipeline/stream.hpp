#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "async/strand.hpp"
#include "checkpoint/checkpoint_store.hpp"
#include "checkpoint/foreign_tokens.hpp"
#include "flow/budget.hpp"
#include "flow/lease.hpp"
#include "flow/line_limit.hpp"
#include "flow/send_allowance.hpp"
#include "flow/stop_reasons.hpp"
#include "mongo/client.hpp"
#include "observe/log/repeated_warning.hpp"
#include "observe/metrics.hpp"
#include "observe/readiness.hpp"
#include "pipeline/dispatcher.hpp"
#include "pipeline/health/stream_health.hpp"
#include "pipeline/lane_driver.hpp"
#include "pipeline/reader.hpp"
#include "pipeline/stream_resources.hpp"
#include "sinks/mongo/mongo_bulk.hpp"
#include "sinks/outward.hpp"
#include "sluice/config.hpp"
#include "sluice/rule.hpp"

namespace sluice::pipeline {

/// What the process lends to its streams.
struct WorkerContext {
  asio::io_context& io;
  const Config& config;
  observe::Metrics& metrics;
  observe::Readiness& readiness;
  std::shared_ptr<spdlog::logger> log;
  std::shared_ptr<sinks::WebServices> services;
  /// Where what has ended is destroyed. That may take long: connections are closed, threads are joined.
  asio::thread_pool& teardown;
  std::span<const StreamConfig> all_streams = {};  ///< that the worker started with
  std::shared_ptr<const void> owner = {};          ///< of `config`, where that is one stream's own
  std::shared_ptr<flow::StopReasons> stops = {};   ///< of one stream; absent: each is told

  /// Whether the log should have why the stream stops.
  bool tells_stop(const std::string& why) const { return !stops || stops->tell(why); }
};

/// Which part of its stream it is, and how it begins.
struct StreamPart {
  int count = 1;
  int index = 0;
  bool of_cluster = false;   ///< it may come from another instance and go to one
  bool restart_now = false;  ///< drops the stored position
  bool backfill = false;     ///< fills the targets where nothing was streamed yet

  std::optional<int> partition() const { return of_cluster ? std::optional(index) : std::nullopt; }
};

/// What a stream tells the worker; called on the stream's strand or on its reader's thread.
struct StreamEvents {
  std::function<void()> connected;
  std::function<void()> ready;
  std::function<void(int exit_code)> failed;  ///< it ends by itself, and the worker should with it
  std::function<void()> ended;                ///< once, the last thing
};

/// How a stream begins that takes the place of one whose position was lost.
struct Recovery {
  LostPolicy policy = LostPolicy::fail;  ///< fail: nothing was lost
  checkpoint::LostPosition lost;
};

/// One change stream with everything from cursor to checkpoint: its reader's thread, its strand, its lanes
/// and its checkpoint. All state but the reader's is touched on the strand only.
///
/// What is posted to the strand and each coroutine owns a share of the stream, so it lives as long as
/// anything can reach it. The last to let go of it has it destroyed on the teardown thread.
///
/// An exception in any of these, or in a call that blocks, is a failure of the stream: it says so, takes no
/// more positions, since its account of events may be incomplete, and ends with exit_code::cannot_start.
class Stream : public std::enable_shared_from_this<Stream> {
 public:
  /// Throws ConfigError for rules that cannot be used.
  static std::shared_ptr<Stream> make(const WorkerContext& around, std::shared_ptr<StreamResources> commons,
                                      const StreamConfig& config, StreamPart part, StreamEvents events,
                                      Recovery recovery = {});
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  void start();

  /// Stop reading, finish what is queued within the drain time, store the position, give the lease back. What
  /// goes to another instance is not kept waiting for long: it goes on where this one stopped.
  /// Thread-safe.
  void request_stop();

  /// Thread-safe.
  observe::StreamStatus status() const { return health_.status(); }

  const observe::StreamLog& log() const { return log_; }
  /// Its name in /readyz.
  const std::string& condition() const { return condition_; }

  /// What whoever takes its place has to know. After it ended.
  checkpoint::LostPosition lost_position() const { return {reader_->epoch()}; }

 private:
  Stream(WorkerContext around, std::shared_ptr<StreamResources> commons, const StreamConfig& config,
         StreamPart part, StreamEvents events, Recovery recovery);
  template <typename Work>
  void on_strand(Work work);
  void spawn(asio::awaitable<void> work);
  void on_exception(const std::exception_ptr& thrown);
  ReaderPlan reader_plan(const Recovery& recovery);
  ReaderEvents reader_events();
  sinks::OutletParts outlet_parts();
  source::StreamFilter filter() const;
  void on_opened(checkpoint::Acquired acquired, Position at);
  void on_batch(std::unique_ptr<source::StreamBatch> batch);
  void on_reopening(const Error& error);
  void on_reading_less(const Error& error, const flow::ReadDetail& reading);
  void note_reach(const std::optional<Error>& error);
  void note_problem(const std::string& why);
  void note_while_running(const std::string& condition, const std::string& why);
  void on_denied(const std::string& condition, const std::optional<Error>& error);
  void on_lane_retry(std::size_t lane, const Error& error, const std::string& outlet);
  void on_lane_recovered(std::size_t lane);
  std::string lane_condition(std::size_t lane) const;
  std::optional<Error> prepare_sinks();
  void make_lanes(const std::vector<LaneGuard>& guards);
  asio::awaitable<void> keep_checkpoint();
  asio::awaitable<bool> store_checkpoint();
  asio::awaitable<void> end();
  asio::awaitable<void> wait_for_keeper();
  asio::awaitable<void> give_lease_back(bool stored);
  asio::awaitable<void> store_and_give_back();
  bool lanes_ended() const;
  asio::awaitable<void> wait_for_lanes();
  asio::awaitable<void> wait_for_threads();
  asio::awaitable<void> poll_delay();
  void stop(bool drain);
  void fail(int exit_code, const std::string& why, bool drain = false);
  void provide_for(std::vector<std::string> found);
  void tell_notices(const std::vector<std::string>& notices);
  void tell_withheld_notices(std::size_t count);
  void take_floor();
  sinks::MongoBulkOptions bulk_options();
  void tell_letters(const std::vector<sinks::StoredLetter>& letters);
  void tell_withheld(std::size_t letters);
  void tell_repetitions(flow::Time now);
  void say_of_outlet(bool loud, const std::string& text);
  asio::awaitable<void> store_tokens(std::vector<flow::TokenTrail::Token> news);

  WorkerContext around_;
  std::shared_ptr<StreamResources> shared_commons_;
  StreamResources& commons_;
  StreamConfig config_;
  StreamPart part_;
  StreamEvents events_;
  std::string title_;      ///< its name in the log
  std::string condition_;  ///< its name in /readyz
  observe::StreamLog log_;
  std::string problem_;     ///< of a running trigger, as it was noted last; "" for none
  std::string problem_of_;  ///< the condition that it belongs to
  std::vector<std::unique_ptr<Rule>> rules_;
  std::vector<std::string> rule_names_;
  mongo::ClientPool& pool_;
  observe::StreamMetrics& metrics_;
  flow::Budget budget_;
  flow::SendAllowance allowance_{budget_};
  checkpoint::CheckpointStore store_;
  Strand strand_;
  flow::LineLimit letter_lines_;
  flow::LineLimit reading_lines_;  ///< on the reader's thread
  std::mutex outlet_lines_mutex_;
  flow::LineLimit outlet_lines_;        ///< of what outlets say of single messages; behind the mutex
  observe::RepeatedWarning reopening_;  ///< likewise
  observe::RepeatedWarning held_up_;    ///< lanes whose batches fail within MongoDB
  std::set<std::size_t> held_up_lanes_;
  observe::RepeatedWarning not_stored_;
  observe::RepeatedWarning tokens_not_stored_;
  flow::LineLimit notice_lines_;
  sinks::Outward sink_;
  Dispatcher dispatcher_;
  std::vector<std::unique_ptr<LaneDriver>> lanes_;
  StreamHealth health_;
  std::optional<flow::Lease> lease_;
  std::optional<Position> floor_;  ///< newest position that may be stored and is not yet
  std::string least_floor_;        ///< where this run began: a stream opened by time starts before it
  /// The version of the dedup windows that are stored with the floor.
  std::uint64_t stored_windows_ = 0;
  flow::Time stored_at_{};                           ///< when the floor was last stored
  bool busy_since_stored_ = false;                   ///< what is stored is not yet behind the last event
  std::optional<checkpoint::ForeignTokens> tokens_;  ///< where another program looks for its own
  std::optional<flow::TokenTrail> token_trail_;      ///< together with tokens_
  std::int64_t epoch_ = 0;
  asio::steady_timer keeper_timer_;
  asio::steady_timer drain_timer_;
  bool keeping_ = false;  ///< keep_checkpoint() runs
  bool stopping_ = false;
  bool drained_ = false;  ///< the lanes have ended
  bool lease_lost_ = false;
  bool lease_given_back_ = false;
  bool broken_ = false;  ///< by an exception
  bool ended_ = false;
  std::unique_ptr<Reader> reader_;  ///< last: its thread ends before anything it talks to
};

}  // namespace sluice::pipeline
