#pragma once

#include <prometheus/counter.h>
#include <prometheus/gauge.h>

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "observe/distribution.hpp"

namespace sluice::observe {

struct MetricFamilies;

/// The effects of one rule, counted by result.
struct RuleEffects {
  prometheus::Counter& applied;
  prometheus::Counter& skipped;
  prometheus::Counter& failed;
  /// Dropped, because the rule sent or wrote the same within its deduplication window.
  prometheus::Counter& repeated;
};

/// The requests to one web service.
struct RequestMetrics {
  prometheus::Counter& ok;
  prometheus::Counter& retried;
  prometheus::Counter& refused;
  prometheus::Gauge& open;  ///< 1 while the circuit breaker is open
  Distribution seconds;
};

/// The metrics of one stream, or of one partition of it. They are looked up once; incrementing one costs an
/// atomic addition (`events_read.Increment(n)`) and is allowed on any thread.
class StreamMetrics {
  // Declared first, because the members below are made from these.
  MetricFamilies& families_;
  std::map<std::string, std::string> labels_;
  std::atomic<bool> gauges_left_out_{false};

 public:
  StreamMetrics(MetricFamilies& families, const std::string& stream, std::optional<int> partition);
  StreamMetrics(const StreamMetrics&) = delete;
  StreamMetrics& operator=(const StreamMetrics&) = delete;

  /// Call it once for each rule, at the start. The same name gives the same counters.
  RuleEffects rule_effects(const std::string& rule);
  /// Leaves out the gauges of a partition that now runs elsewhere, because they would be stale. Its counters
  /// are kept and continue when it comes back.
  void leave_out_gauges(bool out) { gauges_left_out_ = out; }
  bool gauges_left_out() const { return gauges_left_out_; }
  /// Call it once for each batch. The same endpoint gives the same metrics. Thread-safe.
  RequestMetrics requests(const std::string& endpoint);
  prometheus::Counter& retries(const std::string& kind);
  /// Counts what happened to whole watched collections: drop, rename, dropDatabase.
  prometheus::Counter& collection_changes(const std::string& operation);
  /// The gauge is created by the first call, because only one part of a divided stream counts its dead
  /// letters. Thread-safe.
  prometheus::Gauge& dead_letters_open();
  /// Created by the first call, like dead_letters_open(). Thread-safe.
  prometheus::Gauge& rules_not_backfilled();
  prometheus::Counter& position_lost(const std::string& policy);
  /// Created by the first call, because only a partition that reads from a relay has it. Thread-safe.
  prometheus::Gauge& relay_unread();

  // Every event read is also counted in exactly one of the four counters after events_read.
  prometheus::Counter& events_read;
  prometheus::Counter& events_applied;
  prometheus::Counter& events_published;
  prometheus::Counter& events_filtered;
  prometheus::Counter& events_dead;
  prometheus::Counter& publish_duplicates;  ///< messages that the receiver recognised as duplicates
  prometheus::Counter& stream_reopens;
  prometheus::Counter& large_events;

  prometheus::Gauge& events_in_flight;
  prometheus::Gauge& bytes_in_flight;
  prometheus::Gauge& bytes_in_flight_peak;
  prometheus::Gauge& lag_seconds;
  prometheus::Gauge& checkpoint_age_seconds;
  prometheus::Gauge& oplog_headroom_seconds;      ///< NaN while unknown
  prometheus::Gauge& oplog_exhausted_at_seconds;  ///< NaN while unknown, +Inf if never
  prometheus::Gauge& ready;
  prometheus::Gauge& stalled;

  Distribution event_lag_seconds;
  Distribution batch_documents;
  Distribution batch_events;
  Distribution batch_seconds;
};

/// The metrics of the cluster that divides a stream, as this instance sees it.
struct ClusterMetrics {
  ClusterMetrics(MetricFamilies& families, const std::string& stream, int partitions);

  prometheus::Gauge& members;
  prometheus::Gauge& partitions_held;
  std::vector<prometheus::Gauge*> partition_held;  ///< indexed by partition; 1 while the partition runs here
};

/// The metrics of the writer of a stream's relay, as this instance sees it.
struct RelayMetrics {
  RelayMetrics(MetricFamilies& families, const std::string& stream);

  prometheus::Gauge& writer;  ///< 1 while this instance writes
  prometheus::Gauge& behind_seconds;
  prometheus::Counter& records;
  prometheus::Counter& bytes;
  // The stream's, without a partition: for events that could not be read whole.
  prometheus::Counter& large_events;
  prometheus::Counter& events_read;
  prometheus::Counter& events_dead;
};

/// Has a function called before each scrape, for as long as the hook lives.
class ScrapeHook {
 public:
  ScrapeHook() = default;
  explicit ScrapeHook(std::function<void()> unhook);
  ScrapeHook(ScrapeHook&& other) noexcept;
  ScrapeHook& operator=(ScrapeHook&& other) noexcept;
  ~ScrapeHook();

 private:
  std::function<void()> unhook_;
};

/// The gauge that says whether a server outside MongoDB accepts a stream's messages. It is rendered for as
/// long as this object lives.
class OutletMetric {
 public:
  OutletMetric(prometheus::Gauge& up, ScrapeHook leave) : up_(&up), leave_(std::move(leave)) {}
  void set(bool up) { up_->Set(up ? 1 : 0); }

 private:
  prometheus::Gauge* up_;
  ScrapeHook leave_;
};

/// All metrics of the process. Create one; it must outlive every user of a StreamMetrics and every
/// ScrapeHook.
class Metrics {
 public:
  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  /// Creates the metrics on first use. The reference is valid as long as Metrics lives. Thread-safe.
  StreamMetrics& stream(const std::string& name, std::optional<int> partition = {});

  /// The same for the metrics of a cluster.
  ClusterMetrics& cluster(const std::string& stream, int partitions);

  /// The same for the metrics of a relay's writer.
  RelayMetrics& relay(const std::string& stream);

  /// The outlet counts as up until set() is called. Several objects may exist for one stream and outlet for a
  /// moment, while one replaces another. Thread-safe.
  [[nodiscard]] OutletMetric outlet(const std::string& stream, const std::string& outlet);

  /// Counts the configurations that were found while the worker runs, by result: `applied` or `refused`.
  /// Thread-safe.
  prometheus::Counter& config_reloads(const std::string& result);

  /// `refresh` is called at the start of each render(), on the rendering thread, to update derived gauges
  /// (lag, age, depth). It must be quick, and must not add or destroy a hook or call render(). After the
  /// hook's destructor has returned, `refresh` is not running and is not called again. Thread-safe.
  [[nodiscard]] ScrapeHook on_scrape(std::function<void()> refresh);

  /// Each render() appends the lines that `text` returns; it calls `text` on the rendering thread. Call this
  /// before the first render().
  void add_text(std::function<std::string()> text);

  /// The Prometheus text format, version 0.0.4. Thread-safe.
  std::string render() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sluice::observe
