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

/// The metrics of one rule.
struct RuleEffects {
  prometheus::Counter& applied;
  prometheus::Counter& skipped;
  prometheus::Counter& failed;
  prometheus::Counter& repeated;  ///< dropped as repetitions within the deduplication window
};

/// The metrics of requests to one web service.
struct RequestMetrics {
  prometheus::Counter& ok;
  prometheus::Counter& retried;
  prometheus::Counter& refused;
  prometheus::Gauge& open;  ///< 1 while the circuit breaker is open
  Distribution seconds;
};

/// The metrics of a stream, or of one partition of it, looked up once. Changing one costs an atomic operation
/// (`events_read.Increment(n)`); any thread may do so.
class StreamMetrics {
  // First, because the following members are made by them.
  MetricFamilies& families_;
  std::map<std::string, std::string> labels_;
  std::atomic<bool> gauges_left_out_{false};

 public:
  StreamMetrics(MetricFamilies& families, const std::string& stream, std::optional<int> partition);
  StreamMetrics(const StreamMetrics&) = delete;
  StreamMetrics& operator=(const StreamMetrics&) = delete;

  /// Call once, at the start. The same name returns the same counters.
  RuleEffects rule_effects(const std::string& rule);
  /// For a partition that has moved to another instance: removes its gauges, which would be stale. Its
  /// counters stay, and continue if it comes back.
  void leave_out_gauges(bool out) { gauges_left_out_ = out; }
  bool gauges_left_out() const { return gauges_left_out_; }
  /// Call once for each batch. The same endpoint returns the same metrics. Thread-safe.
  RequestMetrics requests(const std::string& endpoint);
  prometheus::Counter& retries(const std::string& kind);
  /// Changes of whole watched collections: drop, rename, dropDatabase.
  prometheus::Counter& collection_changes(const std::string& operation);
  /// Created by the first call, because only one part of a divided stream counts its dead letters.
  /// Thread-safe.
  prometheus::Gauge& dead_letters_open();
  /// Created by the first call. Thread-safe.
  prometheus::Gauge& rules_not_backfilled();
  prometheus::Counter& position_lost(const std::string& policy);

  // Every event read is counted in exactly one of the next four.
  prometheus::Counter& events_read;
  prometheus::Counter& events_applied;
  prometheus::Counter& events_published;
  prometheus::Counter& events_filtered;
  prometheus::Counter& events_dead;
  prometheus::Counter& publish_duplicates;  ///< messages that the receiver dropped as duplicates
  prometheus::Counter& stream_reopens;
  prometheus::Counter& large_events;

  prometheus::Gauge& events_in_flight;
  prometheus::Gauge& bytes_in_flight;
  prometheus::Gauge& bytes_in_flight_peak;
  prometheus::Gauge& lag_seconds;
  prometheus::Gauge& checkpoint_age_seconds;
  prometheus::Gauge& oplog_headroom_seconds;      ///< NaN while unknown
  prometheus::Gauge& oplog_exhausted_at_seconds;  ///< NaN while unknown, +Inf for never
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
  std::vector<prometheus::Gauge*> partition_held;  ///< by partition: 1 while it runs here
};

/// While it lives, its function is called before each scrape.
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

/// Whether a stream can reach a server outside MongoDB. The series exists while this object lives.
class OutletMetric {
 public:
  OutletMetric(prometheus::Gauge& up, ScrapeHook leave) : up_(&up), leave_(std::move(leave)) {}
  void set(bool up) { up_->Set(up ? 1 : 0); }

 private:
  prometheus::Gauge* up_;
  ScrapeHook leave_;
};

/// All metrics of the process. Make one; it must outlive all StreamMetrics and ScrapeHooks.
class Metrics {
 public:
  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  /// Created on first use; the reference is valid as long as Metrics lives. Thread-safe.
  StreamMetrics& stream(const std::string& name, std::optional<int> partition = {});

  /// Created on first use; the reference is valid as long as Metrics lives. Thread-safe.
  ClusterMetrics& cluster(const std::string& stream, int partitions);

  /// Starts as up. While one stream object replaces another, there may be two for the same stream and outlet.
  /// Thread-safe.
  [[nodiscard]] OutletMetric outlet(const std::string& stream, const std::string& outlet);

  /// Configurations received while the worker ran, by result: `applied` or `refused`. Thread-safe.
  prometheus::Counter& config_reloads(const std::string& result);

  /// `refresh` is called at the start of each render(), on the rendering thread, to update derived gauges
  /// (lag, age, depth). It must be quick, and must not hook, unhook or render. Once the hook is destroyed,
  /// `refresh` is not running and will not be called. Thread-safe.
  [[nodiscard]] ScrapeHook on_scrape(std::function<void()> refresh);

  /// `text` returns additional lines for each render(), on the rendering thread. Call before the first
  /// render().
  void add_text(std::function<std::string()> text);

  /// The Prometheus text format, version 0.0.4. Thread-safe.
  std::string render() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sluice::observe
