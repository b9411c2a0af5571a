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
#include "flow/send_allowance.hpp"
#include "flow/stop_reasons.hpp"
#include "mongo/client.hpp"
#include "observe/metrics.hpp"
#include "observe/readiness.hpp"
#include "pipeline/checkpoint_keeper.hpp"
#include "pipeline/dispatcher.hpp"
#include "pipeline/drain.hpp"
#include "pipeline/health/lane_troubles.hpp"
#include "pipeline/health/limited_lines.hpp"
#include "pipeline/health/stream_health.hpp"
#include "pipeline/lane_driver.hpp"
#include "pipeline/reading/reader.hpp"
#include "pipeline/stream_observer.hpp"
#include "pipeline/stream_resources.hpp"
#include "sinks/mongo/mongo_bulk.hpp"
#include "sinks/outward.hpp"
#include "sluice/config.hpp"
#include "sluice/rule.hpp"
#include "source/feed/feeds.hpp"
#include "source/peer/peer_directory.hpp"

namespace sluice::pipeline {

/// What a stream uses of its process.
struct WorkerContext {
  asio::io_context& io;
  const Config& config;
  observe::Metrics& metrics;
  observe::Readiness& readiness;
  std::shared_ptr<spdlog::logger> log;
  std::shared_ptr<sinks::WebServices> services;
  std::shared_ptr<source::Feeds> feeds;
  std::shared_ptr<mongo::Pools> pools;
  std::shared_ptr<flow::BudgetPool> memory;  ///< --queue-mb
  /// Streams that have ended are destroyed here. That may take long, since connections are closed and threads
  /// joined.
  asio::thread_pool& teardown;
  std::span<const StreamConfig> all_streams = {};  ///< the streams that the worker started with
  std::shared_ptr<const void> owner = {};          ///< keeps `config` alive, if only one stream uses it
  /// Where the instances of the cluster offer their feeds; null: each reads by itself.
  std::shared_ptr<source::PeerDirectory> peers = {};
  /// Limits the log lines about one stream's stops; null: all are logged.
  std::shared_ptr<flow::StopReasons> stops = {};
  std::shared_ptr<RenewalsOfProcess> renewals = std::make_shared<RenewalsOfProcess>();

  /// Whether to log `why` as the reason why the stream stops.
  bool should_log_stop(const std::string& why) const { return !stops || stops->tell(why); }
};

/// Which part of a configured stream a Stream handles, and how it begins.
struct StreamPart {
  int count = 1;
  int index = 0;
  bool of_cluster = false;   ///< a partition of a cluster, which moves between instances
  bool restart_now = false;  ///< drops the stored position and begins at the present moment
  /// `--backfill`: if the stream has no position yet, its targets are filled from the existing documents
  /// first
  bool backfill = false;

  std::optional<int> partition() const { return of_cluster ? std::optional(index) : std::nullopt; }
};

/// How a stream begins when it replaces one whose position was lost.
struct Recovery {
  LostPolicy policy = LostPolicy::fail;  ///< fail: nothing was lost
  checkpoint::LostPosition lost;
};

/// One change stream with everything from cursor to checkpoint. It constructs the parts and passes messages
/// between them: the Reader reads, the Dispatcher applies the rules, LaneDrivers send, the CheckpointKeeper
/// stores positions, StreamHealth and LaneTroubles report the stream's state, and Drain ends it. All state
/// except the reader's is used on the strand only.
///
/// Everything posted to the strand, and each coroutine, holds a shared_ptr to the stream, so the stream lives
/// as long as anything can reach it. When the last one is released, the stream is destroyed on the teardown
/// thread.
///
/// An exception in any of these, or in a blocking call, fails the stream: it reports the failure and ends
/// with exit_code::cannot_start. It stores no more positions, since its account of events may be incomplete.
class Stream : public std::enable_shared_from_this<Stream> {
 public:
  /// Throws ConfigError for rules that cannot be used.
  static std::shared_ptr<Stream> make(const WorkerContext& context,
                                      std::shared_ptr<StreamResources> resources, const StreamConfig& config,
                                      StreamPart part, StreamObserver observer, Recovery recovery = {});
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  void start();

  /// Stops reading, finishes what is queued within the drain time, stores the position and gives the lease
  /// back. A part that another instance may take over drains only briefly: that instance continues from the
  /// stored position. Thread-safe.
  void request_stop();

  /// Thread-safe.
  observe::StreamStatus status() const { return health_.status(); }

  const observe::StreamLog& log() const { return log_; }
  /// Its name in /readyz.
  const std::string& condition() const { return condition_; }

  /// What the stream that replaces this one needs to know. Call it after this one has ended.
  checkpoint::LostPosition lost_position() const { return {reader_->epoch()}; }

 private:
  Stream(WorkerContext context, std::shared_ptr<StreamResources> resources, const StreamConfig& config,
         StreamPart part, StreamObserver observer, Recovery recovery);
  template <typename Work>
  void on_strand(Work work);
  void spawn(asio::awaitable<void> work);
  void on_exception(const std::exception_ptr& thrown);
  ReaderPlan reader_plan(const Recovery& recovery);
  std::unique_ptr<source::EventStream> make_events();
  ReaderObserver reader_observer();
  sinks::OutletParts outlet_parts();
  source::StreamFilter filter() const;
  void on_opened(checkpoint::Acquired acquired, Position at);
  void on_batch(std::unique_ptr<source::StreamBatch> batch);
  void on_reopening(const Error& error);
  std::optional<Error> prepare_sinks();
  void make_lanes(const std::vector<LaneGuard>& guards);
  void add_outlets();
  asio::awaitable<void> end();
  void stop(bool drain);
  void fail(int exit_code, const std::string& why, bool drain = false);
  void enable_images(std::vector<std::string> found);
  sinks::MongoBulkOptions bulk_options();
  CheckpointKeeper::Events keeper_events();
  void tell_due(flow::Time now);

  WorkerContext context_;
  std::shared_ptr<StreamResources> shared_resources_;
  StreamResources& resources_;
  StreamConfig config_;
  StreamPart part_;
  StreamObserver observer_;
  std::string title_;      ///< its name in the log
  std::string condition_;  ///< its name in /readyz
  observe::StreamLog log_;
  std::vector<std::unique_ptr<Rule>> rules_;
  std::vector<std::string> rule_names_;
  mongo::ClientPool& pool_;
  observe::StreamMetrics& metrics_;
  flow::Budget budget_;
  flow::SendAllowance allowance_{budget_};
  checkpoint::CheckpointStore store_;
  Strand strand_;
  LimitedLines lines_;
  LaneTroubles troubles_;
  observe::RepeatedWarning reopening_;  ///< used on the reader's thread
  sinks::Outward sink_;
  Dispatcher dispatcher_;
  std::vector<std::unique_ptr<LaneDriver>> lanes_;
  StreamHealth health_;
  CheckpointKeeper keeper_;
  Drain drain_;
  bool stopping_ = false;
  bool ended_ = false;
  /// Last, so that its thread ends before anything that it uses is destroyed.
  std::unique_ptr<Reader> reader_;
};

/// Posts `work` to the strand. While the last shared_ptr to the stream is being released, the reader may
/// still post; that work is dropped.
template <typename Work>
void Stream::on_strand(Work work) {
  auto self = weak_from_this().lock();
  if (!self) return;
  asio::post(strand_, [self = std::move(self), work = std::move(work)]() mutable {
    try {
      work();
    } catch (...) {
      self->on_exception(std::current_exception());
    }
  });
}

}  // namespace sluice::pipeline
