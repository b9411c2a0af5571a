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

/// What one rule did.
struct RuleEffects {
  prometheus::Counter& applied;
  prometheus::Counter& skipped;
  prometheus::Counter& failed;
  prometheus::Counter& repeated;  ///< dropped: their rule sent or wrote the same lately
};

/// The requests to one web service.
struct RequestMetrics {
  prometheus::Counter& ok;
  prometheus::Counter& retried;
  prometheus::Counter& refused;
  prometheus::Gauge& open;  ///< 1 while the service is given up
  Distribution seconds;
};

/// The metrics of one stream, or of one partition of it, looked up once: bumping one costs an atomic addition
/// (`events_read.Increment(n)`), and any thread may do so.
class StreamMetrics {
  // First: what follows is made by them.
  MetricFamilies& families_;
  std::map<std::string, std::string> labels_;
  std::atomic<bool> gauges_left_out_{false};

 public:
  StreamMetrics(MetricFamilies& families, const std::string& stream, std::optional<int> partition);
  StreamMetrics(const StreamMetrics&) = delete;
  StreamMetrics& operator=(const StreamMetrics&) = delete;

  /// Resolve once, at start. The same name gives the same counters.
  RuleEffects rule_effects(const std::string& rule);
  /// For a partition that now runs elsewhere: its gauges would be stale and are left out. Its counters stay
  /// and continue when it comes back.
  void leave_out_gauges(bool out) { gauges_left_out_ = out; }
  bool gauges_left_out() const { return gauges_left_out_; }
  /// Once a batch; the same endpoint gives the same metrics. Thread-safe.
  RequestMetrics requests(const std::string& endpoint);
  prometheus::Counter& retries(const std::string& kind);
  /// What happened to whole collections that are watched: drop, rename, dropDatabase.
  prometheus::Counter& collection_changes(const std::string& operation);
  /// There from the first call on: only one part of a divided stream counts its dead letters. Thread-safe.
  prometheus::Gauge& dead_letters_open();
  /// Likewise.
  prometheus::Gauge& rules_not_backfilled();
  prometheus::Counter& position_lost(const std::string& policy);

  // Every event read ends in exactly one of the four that follow.
  prometheus::Counter& events_read;
  prometheus::Counter& events_applied;
  prometheus::Counter& events_published;
  prometheus::Counter& events_filtered;
  prometheus::Counter& events_dead;
  prometheus::Counter& publish_duplicates;  ///< messages that the receiver knew already
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

/// What an instance knows of the cluster that divides a stream.
struct ClusterMetrics {
  ClusterMetrics(MetricFamilies& families, const std::string& stream, int partitions);

  prometheus::Gauge& members;
  prometheus::Gauge& partitions_held;
  std::vector<prometheus::Gauge*> partition_held;  ///< by partition: 1 while it runs here
};

/// Keeps a function called before each scrape for as long as it lives.
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

/// Whether one server outside MongoDB takes what a stream sends it; there for as long as this lives.
class OutletMetric {
 public:
  OutletMetric(prometheus::Gauge& up, ScrapeHook leave) : up_(&up), leave_(std::move(leave)) {}
  void set(bool up) { up_->Set(up ? 1 : 0); }

 private:
  prometheus::Gauge* up_;
  ScrapeHook leave_;
};

/// All metrics of the process. Make one, and let it outlive whatever holds a StreamMetrics or a ScrapeHook.
class Metrics {
 public:
  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  /// Made on first use; the reference stays good as long as Metrics lives. Thread-safe.
  StreamMetrics& stream(const std::string& name, std::optional<int> partition = {});

  /// Likewise.
  ClusterMetrics& cluster(const std::string& stream, int partitions);

  /// Up until something else is set. Several of one stream and outlet may be there for a moment, as one takes
  /// the place of another. Thread-safe.
  [[nodiscard]] OutletMetric outlet(const std::string& stream, const std::string& outlet);

  /// Configurations that came while the worker ran, by what became of them: `applied` or `refused`.
  /// Thread-safe.
  prometheus::Counter& config_reloads(const std::string& result);

  /// `refresh` is called at the start of each render(), on the thread that renders, to bring derived gauges
  /// (lag, age, depth) up to date. It must be quick and must not hook, unhook or render itself. Once the hook
  /// is destroyed, `refresh` neither runs nor will. Thread-safe.
  [[nodiscard]] ScrapeHook on_scrape(std::function<void()> refresh);

  /// `text` gives more lines for each render(), on the thread that renders. Before the first render().
  void add_text(std::function<std::string()> text);

  /// The Prometheus text format, version 0.0.4. Thread-safe.
  std::string render() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sluice::observe
