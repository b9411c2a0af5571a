#include "observe/metrics.hpp"

#include <prometheus/family.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <limits>
#include <map>
#include <mutex>
#include <sstream>
#include <utility>

#include "observe/build_info.hpp"
#include "observe/process.hpp"

namespace sluice::observe {

using prometheus::Counter;
using prometheus::Family;
using prometheus::Gauge;
using prometheus::Histogram;
using prometheus::Registry;

namespace {

constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

Family<Counter>& counters(Registry& registry, const std::string& name, const std::string& help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
}

Family<Gauge>& gauges(Registry& registry, const std::string& name, const std::string& help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry);
}

Family<Histogram>& histograms(Registry& registry, const std::string& name, const std::string& help) {
  return prometheus::BuildHistogram().Name(name).Help(help).Register(registry);
}

prometheus::Labels labels_of(const std::string& stream, std::optional<int> partition) {
  prometheus::Labels labels = {{"stream", stream}};
  if (partition) labels.emplace("partition", std::to_string(*partition));
  return labels;
}

prometheus::Labels and_also(prometheus::Labels labels, prometheus::Labels more) {
  labels.merge(more);
  return labels;
}

Distribution distribution(Family<Histogram>& family, const prometheus::Labels& labels,
                          const std::vector<double>& bounds) {
  return {family.Add(labels, bounds), bounds};
}

/// From 1 ms to 1000 s, each bound a quarter larger than the one before. So a quantile read from the buckets
/// is off by a quarter at most.
std::vector<double> lag_buckets() {
  return geometric_buckets(0.001, 1000, 1.25);
}

std::vector<double> size_buckets() {
  std::vector<double> bounds;
  for (double decade = 1; decade < 100'000; decade *= 10) {
    for (const double step : {1.0, 2.0, 5.0}) bounds.push_back(decade * step);
  }
  bounds.push_back(100'000);
  return bounds;
}

std::vector<double> duration_buckets() {
  return geometric_buckets(0.0005, 60, 1.5);
}

}  // namespace

struct MetricFamilies {
  explicit MetricFamilies(Registry& r)
      : events_read(counters(r, "sluice_events_read_total", "Events read from the change stream.")),
        events_applied(
            counters(r, "sluice_events_applied_total", "Events whose effects were all committed.")),
        events_published(
            counters(r, "sluice_events_published_total", "Events acknowledged by a sink outside MongoDB.")),
        events_filtered(
            counters(r, "sluice_events_filtered_total", "Events for which no rule had an effect.")),
        events_dead(counters(r, "sluice_events_dead_total", "Events that became dead letters.")),
        dead_letters_open(gauges(r, "sluice_dead_letters_open",
                                 "Dead letters of the stream in the state database, at most 10000.")),
        rules_not_backfilled(
            gauges(r, "sluice_rules_not_backfilled",
                   "Rules whose targets lack the documents that existed when they started, until a repair.")),
        publish_duplicates(counters(r, "sluice_publish_duplicates_total",
                                    "Messages sent again that the receiver recognised and dropped.")),
        webhook_requests(
            counters(r, "sluice_webhook_requests_total", "Requests to web services, by result.")),
        webhook_open(gauges(r, "sluice_webhook_open",
                            "1 while the circuit breaker of a web service is open, else 0.")),
        webhook_seconds(
            histograms(r, "sluice_webhook_seconds", "Duration of a request to a web service in seconds.")),
        outlet_up(
            gauges(r, "sluice_outlet_up", "0 while this outlet is down and events wait for it, else 1.")),
        rule_effects(counters(r, "sluice_rule_effects_total", "Effects, by rule and result.")),
        collection_changes(counters(r, "sluice_collection_changes_total",
                                    "Watched collections, or the database, that were dropped or renamed.")),
        retries(counters(r, "sluice_retries_total", "Retries, by kind of error.")),
        stream_reopens(
            counters(r, "sluice_stream_reopens_total", "Number of times the change stream was reopened.")),
        large_events(counters(r, "sluice_large_events_total",
                              "Events that were too large to be read whole and were read in part.")),
        position_lost(counters(r, "sluice_position_lost_total",
                               "Number of times the position was lost, by the policy applied.")),
        config_reloads(counters(r, "sluice_config_reloads_total",
                                "Changed configurations found at run time, by result.")),
        events_in_flight(gauges(r, "sluice_events_in_flight", "Events read and not yet resolved.")),
        bytes_in_flight(
            gauges(r, "sluice_bytes_in_flight",
                   "Bytes of events in flight that the stream does not share, of effects, and of data being "
                   "sent.")),
        bytes_in_flight_peak(
            gauges(r, "sluice_bytes_in_flight_peak", "Maximum of bytes in flight since the stream started.")),
        lag_seconds(
            gauges(r, "sluice_lag_seconds",
                   "Seconds from the last resolved position to the server's clock; 0 when caught up.")),
        checkpoint_age_seconds(
            gauges(r, "sluice_checkpoint_age_seconds", "Seconds since a position was last committed.")),
        oplog_headroom_seconds(
            gauges(r, "sluice_oplog_headroom_seconds",
                   "Seconds from the oplog's oldest entry to the stream's position; NaN while unknown.")),
        oplog_exhausted_at_seconds(
            gauges(r, "sluice_oplog_exhausted_at_seconds",
                   "Unix time at which the position falls off the oplog at the rate of the last minutes; "
                   "+Inf if that does not come closer, NaN while unknown.")),
        ready(gauges(
            r, "sluice_ready",
            "1 while the stream reads, stores positions and is not stalled, else 0; as /readyz says.")),
        stalled(gauges(r, "sluice_stalled",
                       "1 if work is pending and nothing has progressed for --stall-ms, else 0.")),
        cluster_members(
            gauges(r, "sluice_cluster_members", "Live instances that share the stream's partitions.")),
        cluster_partitions_held(gauges(r, "sluice_cluster_partitions_held",
                                       "Partitions of the stream that run in this instance.")),
        cluster_partition_held(gauges(r, "sluice_cluster_partition_held",
                                      "1 while the partition runs in this instance, else 0.")),
        relay_writer(gauges(r, "sluice_relay_writer", "1 while this instance writes the relay, else 0.")),
        relay_writer_behind(gauges(r, "sluice_relay_writer_behind_seconds",
                                   "Seconds from the end of the relay's log to the server's clock; 0 when "
                                   "caught up, and in an instance that does not write.")),
        relay_unread(gauges(r, "sluice_relay_unread_records",
                            "Records of the partition in the relay's log that it has not read.")),
        relay_records(counters(r, "sluice_relay_records_written_total",
                               "Records that this instance has written to the relay's log.")),
        relay_bytes(counters(r, "sluice_relay_bytes_written_total",
                             "Bytes of the records that this instance has written to the relay's log.")),
        event_lag_seconds(
            histograms(r, "sluice_event_lag_seconds", "Seconds from a change to the commit of its effects.")),
        batch_documents(histograms(r, "sluice_batch_documents", "Target documents in a batch.")),
        batch_events(histograms(r, "sluice_batch_events", "Events in a batch.")),
        batch_seconds(
            histograms(r, "sluice_batch_seconds", "Duration of a batch in seconds, including retries.")) {}

  Family<Counter>& events_read;
  Family<Counter>& events_applied;
  Family<Counter>& events_published;
  Family<Counter>& events_filtered;
  Family<Counter>& events_dead;
  Family<Gauge>& dead_letters_open;
  Family<Gauge>& rules_not_backfilled;
  Family<Counter>& publish_duplicates;
  Family<Counter>& webhook_requests;
  Family<Gauge>& webhook_open;
  Family<Histogram>& webhook_seconds;
  Family<Gauge>& outlet_up;
  Family<Counter>& rule_effects;
  Family<Counter>& collection_changes;
  Family<Counter>& retries;
  Family<Counter>& stream_reopens;
  Family<Counter>& large_events;
  Family<Counter>& position_lost;
  Family<Counter>& config_reloads;
  Family<Gauge>& events_in_flight;
  Family<Gauge>& bytes_in_flight;
  Family<Gauge>& bytes_in_flight_peak;
  Family<Gauge>& lag_seconds;
  Family<Gauge>& checkpoint_age_seconds;
  Family<Gauge>& oplog_headroom_seconds;
  Family<Gauge>& oplog_exhausted_at_seconds;
  Family<Gauge>& ready;
  Family<Gauge>& stalled;
  Family<Gauge>& cluster_members;
  Family<Gauge>& cluster_partitions_held;
  Family<Gauge>& cluster_partition_held;
  Family<Gauge>& relay_writer;
  Family<Gauge>& relay_writer_behind;
  Family<Gauge>& relay_unread;
  Family<Counter>& relay_records;
  Family<Counter>& relay_bytes;
  Family<Histogram>& event_lag_seconds;
  Family<Histogram>& batch_documents;
  Family<Histogram>& batch_events;
  Family<Histogram>& batch_seconds;
};

StreamMetrics::StreamMetrics(MetricFamilies& families, const std::string& stream,
                             std::optional<int> partition)
    : families_(families),
      labels_(labels_of(stream, partition)),
      events_read(families.events_read.Add(labels_)),
      events_applied(families.events_applied.Add(labels_)),
      events_published(families.events_published.Add(labels_)),
      events_filtered(families.events_filtered.Add(labels_)),
      events_dead(families.events_dead.Add(labels_)),
      publish_duplicates(families.publish_duplicates.Add(labels_)),
      stream_reopens(families.stream_reopens.Add(labels_)),
      large_events(families.large_events.Add(labels_)),
      events_in_flight(families.events_in_flight.Add(labels_)),
      bytes_in_flight(families.bytes_in_flight.Add(labels_)),
      bytes_in_flight_peak(families.bytes_in_flight_peak.Add(labels_)),
      lag_seconds(families.lag_seconds.Add(labels_)),
      checkpoint_age_seconds(families.checkpoint_age_seconds.Add(labels_)),
      oplog_headroom_seconds(families.oplog_headroom_seconds.Add(labels_, unknown)),
      oplog_exhausted_at_seconds(families.oplog_exhausted_at_seconds.Add(labels_, unknown)),
      ready(families.ready.Add(labels_)),
      stalled(families.stalled.Add(labels_)),
      event_lag_seconds(distribution(families.event_lag_seconds, labels_, lag_buckets())),
      batch_documents(distribution(families.batch_documents, labels_, size_buckets())),
      batch_events(distribution(families.batch_events, labels_, size_buckets())),
      batch_seconds(distribution(families.batch_seconds, labels_, duration_buckets())) {
  // Created at the start, so that Prometheus sees the first occurrence as an increase and not as a new
  // series.
  for (const char* kind : {"transient", "too_slow", "own_fault", "checkpoint"}) retries(kind);
  for (const char* policy : {"restart-now", "rebuild"}) position_lost(policy);
  for (const char* operation : {"drop", "rename", "dropDatabase"}) collection_changes(operation);
}

RuleEffects StreamMetrics::rule_effects(const std::string& rule) {
  const auto counter = [&](const char* result) -> Counter& {
    return families_.rule_effects.Add(and_also(labels_, {{"rule", rule}, {"result", result}}));
  };
  return {counter("applied"), counter("skipped"), counter("failed"), counter("repeated")};
}

RequestMetrics StreamMetrics::requests(const std::string& endpoint) {
  const auto labels = and_also(labels_, {{"endpoint", endpoint}});
  const auto counter = [&](const char* result) -> Counter& {
    return families_.webhook_requests.Add(and_also(labels, {{"result", result}}));
  };
  return {counter("ok"), counter("retried"), counter("refused"), families_.webhook_open.Add(labels),
          distribution(families_.webhook_seconds, labels, duration_buckets())};
}

Counter& StreamMetrics::retries(const std::string& kind) {
  return families_.retries.Add(and_also(labels_, {{"kind", kind}}));
}

Counter& StreamMetrics::collection_changes(const std::string& operation) {
  return families_.collection_changes.Add(and_also(labels_, {{"operation", operation}}));
}

Gauge& StreamMetrics::dead_letters_open() {
  return families_.dead_letters_open.Add(labels_);
}

Gauge& StreamMetrics::rules_not_backfilled() {
  return families_.rules_not_backfilled.Add(labels_);
}

Counter& StreamMetrics::position_lost(const std::string& policy) {
  return families_.position_lost.Add(and_also(labels_, {{"policy", policy}}));
}

Gauge& StreamMetrics::relay_unread() {
  return families_.relay_unread.Add(labels_);
}

RelayMetrics::RelayMetrics(MetricFamilies& families, const std::string& stream)
    : writer(families.relay_writer.Add({{"stream", stream}})),
      behind_seconds(families.relay_writer_behind.Add({{"stream", stream}})),
      records(families.relay_records.Add({{"stream", stream}})),
      bytes(families.relay_bytes.Add({{"stream", stream}})),
      large_events(families.large_events.Add({{"stream", stream}})),
      events_read(families.events_read.Add({{"stream", stream}})),
      events_dead(families.events_dead.Add({{"stream", stream}})) {}

ClusterMetrics::ClusterMetrics(MetricFamilies& families, const std::string& stream, int partitions)
    : members(families.cluster_members.Add({{"stream", stream}})),
      partitions_held(families.cluster_partitions_held.Add({{"stream", stream}})) {
  for (int i = 0; i < partitions; ++i) {
    partition_held.push_back(&families.cluster_partition_held.Add(labels_of(stream, i)));
  }
}

ScrapeHook::ScrapeHook(std::function<void()> unhook) : unhook_(std::move(unhook)) {}

ScrapeHook::ScrapeHook(ScrapeHook&& other) noexcept : unhook_(std::exchange(other.unhook_, nullptr)) {}

ScrapeHook& ScrapeHook::operator=(ScrapeHook&& other) noexcept {
  std::swap(unhook_, other.unhook_);
  return *this;
}

ScrapeHook::~ScrapeHook() {
  if (unhook_) unhook_();
}

struct Metrics::State {
  Registry registry;
  MetricFamilies families{registry};
  Gauge& resident_memory =
      gauges(registry, "process_resident_memory_bytes", "Resident memory of this process.").Add({});

  explicit State(const BuildInfo& build) {
    gauges(registry, "sluice_build_info", "The running program: always 1.")
        .Add({{"version", std::string(build.version)},
              {"commit", std::string(build.commit)},
              {"compiler", std::string(build.compiler)}})
        .Set(1);
  }

  std::vector<std::function<std::string()>> texts;

  std::mutex streams_mutex;
  std::map<std::pair<std::string, std::optional<int>>, StreamMetrics> streams;
  std::map<std::string, ClusterMetrics> clusters;
  std::map<std::string, RelayMetrics> relays;
  /// How many OutletMetrics use each gauge. With 0, the gauge is left out.
  std::map<prometheus::Labels, int> outlets;

  // Held while the hooks run. So once unhook() has returned, the hook is not running.
  std::mutex hooks_mutex;
  std::map<std::size_t, std::function<void()>> hooks;
  std::size_t next_hook = 0;

  std::vector<prometheus::Labels> left_out() {
    const std::lock_guard lock(streams_mutex);
    std::vector<prometheus::Labels> labels;
    for (const auto& [key, stream] : streams) {
      if (stream.gauges_left_out()) labels.push_back(labels_of(key.first, key.second));
    }
    for (const auto& [outlet, users] : outlets) {
      if (users == 0) labels.push_back(outlet);
    }
    return labels;
  }

  void leave_outlet(const prometheus::Labels& labels) {
    const std::lock_guard lock(streams_mutex);
    --outlets[labels];
  }

  void unhook(std::size_t id) {
    const std::lock_guard lock(hooks_mutex);
    hooks.erase(id);
  }
};

Metrics::Metrics() : state_(std::make_unique<State>(build_info())) {
  for (const char* result : {"applied", "refused"}) config_reloads(result);
}

Metrics::~Metrics() = default;

StreamMetrics& Metrics::stream(const std::string& name, std::optional<int> partition) {
  const std::lock_guard lock(state_->streams_mutex);
  return state_->streams.try_emplace(std::pair(name, partition), state_->families, name, partition)
      .first->second;
}

ClusterMetrics& Metrics::cluster(const std::string& stream, int partitions) {
  const std::lock_guard lock(state_->streams_mutex);
  return state_->clusters.try_emplace(stream, state_->families, stream, partitions).first->second;
}

RelayMetrics& Metrics::relay(const std::string& stream) {
  const std::lock_guard lock(state_->streams_mutex);
  return state_->relays.try_emplace(stream, state_->families, stream).first->second;
}

OutletMetric Metrics::outlet(const std::string& stream, const std::string& outlet) {
  const prometheus::Labels labels = {{"stream", stream}, {"outlet", outlet}};
  const std::lock_guard lock(state_->streams_mutex);
  Gauge& up = state_->families.outlet_up.Add(labels);
  if (state_->outlets[labels]++ == 0) up.Set(1);
  return {up, ScrapeHook([state = state_.get(), labels] { state->leave_outlet(labels); })};
}

Counter& Metrics::config_reloads(const std::string& result) {
  return state_->families.config_reloads.Add({{"result", result}});
}

ScrapeHook Metrics::on_scrape(std::function<void()> refresh) {
  const std::lock_guard lock(state_->hooks_mutex);
  const std::size_t id = state_->next_hook++;
  state_->hooks.emplace(id, std::move(refresh));
  return ScrapeHook([state = state_.get(), id] { state->unhook(id); });
}

namespace {

/// Removes the gauges to be left out from the collected families. In the registry they stay, so that
/// references to them remain valid.
void leave_out_gauges(std::vector<prometheus::MetricFamily>& families,
                      const std::vector<prometheus::Labels>& left_out) {
  if (left_out.empty()) return;
  const auto is_left_out = [&](const prometheus::ClientMetric& metric) {
    prometheus::Labels labels;
    for (const auto& label : metric.label) labels.emplace(label.name, label.value);
    labels.erase("endpoint");
    return std::ranges::find(left_out, labels) != left_out.end();
  };
  for (auto& family : families) {
    const bool of_the_cluster = family.name.starts_with("sluice_cluster_");
    if (family.type == prometheus::MetricType::Gauge && !of_the_cluster) {
      std::erase_if(family.metric, is_left_out);
    }
  }
}

}  // namespace

void Metrics::add_text(std::function<std::string()> text) {
  state_->texts.push_back(std::move(text));
}

std::string Metrics::render() const {
  {
    const std::lock_guard lock(state_->hooks_mutex);
    for (const auto& [id, refresh] : state_->hooks) refresh();
  }
  state_->resident_memory.Set(static_cast<double>(resident_bytes()));
  std::ostringstream out;
  auto families = state_->registry.Collect();
  leave_out_gauges(families, state_->left_out());
  prometheus::TextSerializer().Serialize(out, families);
  for (const auto& text : state_->texts) out << text();
  return out.str();
}

}  // namespace sluice::observe
