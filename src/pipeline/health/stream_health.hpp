#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "async/strand.hpp"
#include "checkpoint/letter_count.hpp"
#include "checkpoint/maintained_rules.hpp"
#include "core/position.hpp"
#include "flow/budget.hpp"
#include "flow/headroom.hpp"
#include "flow/lag.hpp"
#include "flow/stall.hpp"
#include "observe/log/log_line.hpp"
#include "observe/metrics.hpp"
#include "observe/readiness.hpp"
#include "observe/status.hpp"
#include "pipeline/health/outlet_states.hpp"
#include "pipeline/lane_driver.hpp"
#include "sluice/config.hpp"
#include "source/change_stream.hpp"
#include "source/oplog.hpp"

namespace sluice::pipeline {

/// The state of one stream: how far behind it is, how long the oplog still contains its position, and whether
/// anything makes progress. The stream reports what happens; the gauges, /readyz and /status read from here.
///
/// Reports and checks run on the strand; the state is read on any thread. What both use is guarded by one
/// mutex, which is locked once for each batch and never for an event.
class StreamHealth {
 public:
  struct Parts {
    Strand strand;
    mongo::ClientPool& pool;
    asio::thread_pool& asking_thread;
    const flow::Budget& budget;
    observe::StreamMetrics& metrics;
    observe::Readiness& readiness;
    const observe::StreamLog& log;
    std::string stream;
    std::optional<int> partition;  ///< the partition, in a cluster
    std::string condition;         ///< the stream's name in /readyz
    EngineConfig engine;
    std::string pipeline;
    std::string state_database;
    std::string place_arguments;  ///< see Config
    std::vector<checkpoint::MaintainedId> maintained;
    /// Whether this part counts the dead letters of all parts of a divided stream, and reports the rules that
    /// are not backfilled.
    bool speaks_for_all = true;
    const OutletStates& outlets;
    /// Starts a coroutine that keeps the stream alive; an exception in it ends the stream.
    std::function<void(asio::awaitable<void>)> spawn;

    /// The name in /readyz for what concerns all parts.
    std::string condition_of_all() const { return "stream " + stream; }
  };

  StreamHealth(Parts parts, observe::Metrics& metrics);

  /// The stream is open after `from`. `lanes` must outlive this. Begins the regular checks.
  void opened(std::int64_t epoch, const Position& from,
              const std::vector<std::unique_ptr<LaneDriver>>& lanes);
  /// The server answered, with events or without.
  void answered(const source::StreamBatch& batch, flow::Time now);
  /// `position`: a new position below which everything is done, if there is one. `idle`: whether everything
  /// that was read is done.
  void reached(const std::optional<Position>& position, bool idle);
  void storing() { storing_ = true; }
  void stored(flow::Time asked);
  void not_stored(const Error& error) { store_error_ = error.text(); }
  /// The change stream failed. On any thread.
  void broke(const Error& error);

  /// `known`: what the layout stores about the rules that maintain documents. Logs and reports those that are
  /// not backfilled.
  void take_maintained(const std::optional<std::vector<checkpoint::MaintainedRule>>& known);

  /// Ends the checks. A query may still be running: wait for ended().
  void stop();
  bool ended() const { return !looking_ && !asking_; }

  /// Thread-safe.
  observe::StreamStatus status() const;

  /// Gives the gauges up, since another stream of the same name may set them next.
  void retire();

 private:
  struct Lane {
    const LaneDriver* driver;
    flow::StallWatch watch;
    std::uint64_t commits = 0;
  };

  asio::awaitable<void> look_regularly();
  asio::awaitable<void> ask();
  asio::awaitable<void> ask_maintained();
  void take_letters(const checkpoint::LettersCounted& letters);
  void look(flow::Time now);
  void take_oplog(const source::OplogAnswer& answer);
  std::string what_lanes_wait_for(flow::Time now) const;
  std::string what_it_waits_for(flow::Time now) const;
  void tell_stall(const std::string& waits_for, flow::Time now);
  std::string why_not_ready() const;
  void refresh_gauges() const;

  Parts parts_;
  asio::steady_timer timer_;

  // On the strand only.
  std::vector<Lane> lanes_;
  flow::StallWatch cursor_;
  flow::StallWatch checkpoint_;
  /// Time of the last answer, if it said that nothing is left to read.
  std::optional<flow::Time> read_all_at_;
  std::optional<flow::Time> stalled_since_;
  flow::Time ask_at_{};
  std::string store_error_;
  bool storing_ = false;
  bool looking_ = false;
  bool asking_ = false;
  bool stopping_ = false;
  bool permission_told_ = false;
  std::vector<std::string> not_backfilled_;  ///< the rules that were last reported

  mutable std::mutex mutex_;
  // Guarded by mutex_.
  flow::Lag lag_;
  flow::OplogHeadroom headroom_;
  std::optional<double> position_;  ///< cluster time in seconds
  std::optional<flow::Time> stored_at_;
  std::int64_t epoch_ = 0;
  std::vector<observe::LaneStatus> lane_status_;
  std::string reader_error_;
  std::string note_;

  observe::ScrapeHook hook_;  ///< last, since it may be called until it is destroyed
};

}  // namespace sluice::pipeline
