#include "cli/views/worker_status.hpp"

#include <cstring>

#include "bson/raii.hpp"
#include "sluice/bson.hpp"

namespace sluice::cli {
namespace {

using observe::ClusterStatus;
using observe::LaneStatus;
using observe::OutletStatus;
using observe::StreamStatus;
using observe::WorkerStatus;

std::optional<double> number(const bson::Value& value) {
  // libbson parses a JSON number without a fraction as an integer.
  if (const auto whole = value.integer()) return static_cast<double>(*whole);
  if (value.type() != BSON_TYPE_DOUBLE) return std::nullopt;
  double result = 0;
  std::memcpy(&result, value.raw().data(), sizeof result);
  return result;
}

double number_or_0(const bson::Value& value) {
  return number(value).value_or(0);
}

std::int64_t integer_or_0(const bson::Value& value) {
  return value.integer().value_or(0);
}

LaneStatus lane_of(bson::View json) {
  return {static_cast<std::size_t>(integer_or_0(json.at("queued"))), number(json.at("inFlightSeconds")),
          std::string(json.at("lastError").text())};
}

OutletStatus outlet_of(bson::View json) {
  OutletStatus outlet;
  outlet.name = json.at("name").text();
  outlet.error = json.at("error").text();
  outlet.down_seconds = number_or_0(json.at("downSeconds"));
  for (const auto& [index, rule] : json.at("rules").document()) outlet.rules.emplace_back(rule.text());
  return outlet;
}

StreamStatus stream_of(bson::View json) {
  StreamStatus stream;
  stream.name = json.at("name").text();
  if (const auto partition = json.at("partition").integer()) stream.partition = static_cast<int>(*partition);
  stream.why_not_ready = json.at("whyNotReady").text();
  stream.waits_for = json.at("waitsFor").text();
  stream.note = json.at("note").text();
  stream.lag_seconds = number_or_0(json.at("lagSeconds"));
  stream.position = number(json.at("position"));
  stream.epoch = integer_or_0(json.at("epoch"));
  stream.events_read = number_or_0(json.at_path("events.read"));
  stream.events_applied = number_or_0(json.at_path("events.applied"));
  stream.events_published = number_or_0(json.at_path("events.published"));
  stream.events_filtered = number_or_0(json.at_path("events.filtered"));
  stream.events_dead = number_or_0(json.at_path("events.dead"));
  stream.events_in_flight = integer_or_0(json.at("eventsInFlight"));
  stream.bytes_in_flight = integer_or_0(json.at("bytesInFlight"));
  stream.oplog_headroom_seconds = number(json.at("oplogHeadroomSeconds"));
  stream.oplog_exhausted_at = number(json.at("oplogExhaustedAt"));
  stream.checkpoint_age_seconds = number(json.at("checkpointAgeSeconds"));
  for (const auto& [index, outlet] : json.at("outlets").document()) {
    stream.outlets.push_back(outlet_of(outlet.document()));
  }
  for (const auto& [index, lane] : json.at("lanes").document()) {
    stream.lanes.push_back(lane_of(lane.document()));
  }
  return stream;
}

ClusterStatus cluster_of(bson::View json) {
  const auto small = [&](const char* key) { return static_cast<int>(integer_or_0(json.at(key))); };
  return {std::string(json.at("stream").text()),
          std::string(json.at("member").text()),
          small("members"),
          small("partitions"),
          small("held"),
          std::string(json.at("waitsFor").text())};
}

}  // namespace

std::optional<WorkerStatus> parse_status(const std::string& json) {
  bson::Document document;
  bson_error_t error{};
  if (!bson_init_from_json(document.out(), json.c_str(), static_cast<ssize_t>(json.size()), &error)) {
    bson_init(document.get());
    return std::nullopt;
  }
  const bson::View root(*document.get());
  if (!root.at("streams").is_array()) return std::nullopt;
  WorkerStatus worker;
  worker.pipeline = root.at("pipeline").text();
  worker.shard_index = static_cast<int>(integer_or_0(root.at_path("shard.index")));
  worker.shard_count = static_cast<int>(integer_or_0(root.at_path("shard.count")));
  worker.uptime_seconds = number_or_0(root.at("uptimeSeconds"));
  worker.resident_bytes = integer_or_0(root.at("residentBytes"));
  for (const auto& [index, stream] : root.at("streams").document()) {
    worker.streams.push_back(stream_of(stream.document()));
  }
  for (const auto& [index, cluster] : root.at("clusters").document()) {
    worker.clusters.push_back(cluster_of(cluster.document()));
  }
  return worker;
}

}  // namespace sluice::cli
