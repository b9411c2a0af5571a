#include "observe/status.hpp"

#include <algorithm>
#include <limits>

#include "text/json_writer.hpp"

namespace sluice::observe {

namespace {

/// NaN for an absent number: JsonWriter writes NaN as null.
double or_null(const std::optional<double>& number) {
  return number.value_or(std::numeric_limits<double>::quiet_NaN());
}

void append_lanes(text::JsonWriter& json, const std::vector<LaneStatus>& lanes) {
  json.open_array("lanes");
  for (std::size_t index = 0; index < lanes.size(); ++index) {
    const LaneStatus& lane = lanes[index];
    json.open_object().integer("index", static_cast<std::int64_t>(index));
    json.integer("queued", static_cast<std::int64_t>(lane.queued));
    json.number("inFlightSeconds", or_null(lane.in_flight_seconds));
    json.text("lastError", lane.last_error).close_object();
  }
  json.close_array();
}

void append_outlets(text::JsonWriter& json, const std::vector<OutletStatus>& outlets) {
  json.open_array("outlets");
  for (const OutletStatus& outlet : outlets) {
    json.open_object().text("name", outlet.name).boolean("up", outlet.error.empty());
    json.open_array("rules");
    for (const std::string& rule : outlet.rules) json.text({}, rule);
    json.close_array().text("error", outlet.error);
    json.number("downSeconds", outlet.down_seconds).close_object();
  }
  json.close_array();
}

void append_stream(text::JsonWriter& json, const StreamStatus& stream) {
  json.open_object().text("name", stream.name);
  if (stream.partition) json.integer("partition", *stream.partition);
  json.boolean("ready", stream.why_not_ready.empty()).text("whyNotReady", stream.why_not_ready);
  json.boolean("degraded", stream.degraded());
  json.boolean("stalled", !stream.waits_for.empty()).text("waitsFor", stream.waits_for);
  json.number("lagSeconds", stream.lag_seconds);
  json.number("position", or_null(stream.position));
  json.integer("epoch", stream.epoch);
  json.open_object("events").number("read", stream.events_read).number("applied", stream.events_applied);
  json.number("published", stream.events_published).number("filtered", stream.events_filtered);
  json.number("dead", stream.events_dead).close_object();
  json.integer("eventsInFlight", stream.events_in_flight).integer("bytesInFlight", stream.bytes_in_flight);
  json.number("oplogHeadroomSeconds", or_null(stream.oplog_headroom_seconds));
  json.number("oplogExhaustedAt", or_null(stream.oplog_exhausted_at));
  json.number("checkpointAgeSeconds", or_null(stream.checkpoint_age_seconds));
  if (!stream.note.empty()) json.text("note", stream.note);
  append_outlets(json, stream.outlets);
  append_lanes(json, stream.lanes);
  json.close_object();
}

void append_clusters(text::JsonWriter& json, const std::vector<ClusterStatus>& clusters) {
  if (clusters.empty()) return;
  json.open_array("clusters");
  for (const ClusterStatus& cluster : clusters) {
    json.open_object().text("stream", cluster.stream).text("member", cluster.member);
    json.integer("members", cluster.members).integer("partitions", cluster.partitions);
    json.integer("held", cluster.held).text("waitsFor", cluster.waits_for);
    if (cluster.feed) {
      json.open_object("feed").text("readsThrough", cluster.feed->reads_through);
      json.integer("followers", cluster.feed->followers).close_object();
    }
    json.close_object();
  }
  json.close_array();
}

}  // namespace

bool StreamStatus::degraded() const {
  const auto down = [](const OutletStatus& outlet) { return !outlet.error.empty(); };
  return why_not_ready.empty() && std::ranges::any_of(outlets, down);
}

std::string FeedStatus::text() const {
  if (!reads_through.empty()) return "reads the change stream through " + reads_through;
  const std::string others =
      followers == 1 ? "another instance" : std::to_string(followers) + " other instances";
  return "reads the change stream by itself" + (followers == 0 ? "" : ", and for " + others);
}

std::string status_json(const WorkerStatus& status) {
  text::JsonWriter json;
  json.open_object().text("pipeline", status.pipeline);
  json.open_object("shard").integer("index", status.shard_index).integer("count", status.shard_count);
  json.close_object().number("uptimeSeconds", status.uptime_seconds);
  json.integer("residentBytes", status.resident_bytes).open_array("streams");
  for (const StreamStatus& stream : status.streams) append_stream(json, stream);
  json.close_array();
  append_clusters(json, status.clusters);
  if (status.configuration) {
    json.open_object("configuration").integer("reloads", status.configuration->reloads);
    json.text("refused", status.configuration->refused).close_object();
  }
  return json.close_object().json();
}

}  // namespace sluice::observe
