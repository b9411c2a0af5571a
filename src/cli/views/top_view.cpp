#include "cli/views/top_view.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "cli/views/short_text.hpp"
#include "cli/views/top_table.hpp"

namespace sluice::cli {
namespace {

using observe::ClusterStatus;
using observe::LaneStatus;
using observe::StreamStatus;
using observe::WorkerStatus;

constexpr double slow_batch_seconds = 2;
constexpr double lag_warning_seconds = 10;
constexpr double lag_bad_seconds = 60;
constexpr double headroom_warning_seconds = 6 * 3600;
constexpr double headroom_bad_seconds = 3600;
constexpr const char* unknown = "-";

const StreamStatus* same_stream(const std::vector<TopAnswer>& answers, const std::string& url,
                                const StreamStatus& wanted, flow::Time& at) {
  for (const TopAnswer& answer : answers) {
    if (answer.url != url || !answer.status) continue;
    for (const StreamStatus& stream : answer.status->streams) {
      at = answer.at;
      if (stream.name == wanted.name && stream.partition == wanted.partition) return &stream;
    }
  }
  return nullptr;
}

/// Rates per second of counters, from two answers. A counter that fell belongs to a restarted process and has
/// no rate.
class Rates {
 public:
  Rates(const TopAnswer& answer, const StreamStatus& stream, const std::vector<TopAnswer>& before)
      : now_(stream) {
    flow::Time at{};
    before_ = same_stream(before, answer.url, stream, at);
    seconds_ = std::chrono::duration<double>(answer.at - at).count();
  }

  std::string of(double StreamStatus::*counter) const {
    if (before_ == nullptr || seconds_ <= 0 || now_.*counter < before_->*counter) return unknown;
    return short_number((now_.*counter - before_->*counter) / seconds_);
  }

 private:
  const StreamStatus& now_;
  const StreamStatus* before_;
  double seconds_ = 0;
};

TopSpan state_cell(const StreamStatus& stream) {
  if (!stream.waits_for.empty()) return top_cell("stalled", Tone::bad);
  if (!stream.why_not_ready.empty()) return top_cell("not ready", Tone::bad);
  if (stream.degraded()) return top_cell("degraded", Tone::warning);
  return top_cell("ready", Tone::good);
}

Tone lag_tone(double seconds) {
  if (seconds >= lag_bad_seconds) return Tone::bad;
  return seconds >= lag_warning_seconds ? Tone::warning : Tone::plain;
}

/// Whether the oplog's oldest entry approaches the stream's position.
bool runs_out(const StreamStatus& stream) {
  return stream.oplog_exhausted_at && std::isfinite(*stream.oplog_exhausted_at);
}

TopSpan oplog_cell(const StreamStatus& stream) {
  const auto headroom = stream.oplog_headroom_seconds;
  if (!headroom) return top_cell(unknown);
  const Tone tone = *headroom < headroom_bad_seconds       ? Tone::bad
                    : *headroom < headroom_warning_seconds ? Tone::warning
                                                           : Tone::plain;
  // A young oplog is short. It is no danger as long as the server deletes nothing from it.
  return top_cell(short_time(*headroom), runs_out(stream) ? tone : Tone::plain);
}

std::string lanes_text(const std::vector<LaneStatus>& lanes) {
  const auto busy =
      std::ranges::count_if(lanes, [](const LaneStatus& lane) { return lane.in_flight_seconds.has_value(); });
  return fmt::format("{}/{}", busy, lanes.size());
}

TopRow stream_row(const TopAnswer& answer, const StreamStatus& stream, const std::vector<TopAnswer>& before) {
  const WorkerStatus& worker = *answer.status;
  const Rates rates(answer, stream, before);
  const auto stored = stream.checkpoint_age_seconds;
  return {top_cell(worker.pipeline),
          top_cell(fmt::format("{}/{}", stream.partition.value_or(worker.shard_index), worker.shard_count)),
          top_cell(stream.name),
          state_cell(stream),
          top_cell(short_time(stream.lag_seconds), lag_tone(stream.lag_seconds)),
          top_cell(rates.of(&StreamStatus::events_read)),
          top_cell(rates.of(&StreamStatus::events_applied)),
          top_cell(rates.of(&StreamStatus::events_filtered)),
          top_cell(short_number(stream.events_dead), stream.events_dead > 0 ? Tone::warning : Tone::plain),
          top_cell(fmt::format("{} / {}B", short_number(static_cast<double>(stream.events_in_flight)),
                               short_number(static_cast<double>(stream.bytes_in_flight)))),
          top_cell(lanes_text(stream.lanes)),
          oplog_cell(stream),
          top_cell(stored ? short_time(*stored) : unknown),
          top_cell(short_number(static_cast<double>(worker.resident_bytes)) + "B")};
}

/// Whether a member holds no partition because it has not joined or has to wait.
bool is_kept_out(const ClusterStatus& cluster) {
  return cluster.held == 0 && (cluster.members == 0 || !cluster.waits_for.empty());
}

/// The row for a member that holds no partition of a stream.
TopRow standby_row(const WorkerStatus& worker, const ClusterStatus& cluster) {
  TopRow row;
  row.fill(top_cell(unknown));
  row[TopTable::pipeline_column] = top_cell(worker.pipeline);
  row[1] = top_cell(fmt::format("-/{}", cluster.partitions));
  row[TopTable::stream_column] = top_cell(cluster.stream);
  row[3] = cluster.members == 0   ? top_cell("not ready", Tone::bad)
           : is_kept_out(cluster) ? top_cell("waits", Tone::warning)
                                  : top_cell("standby", Tone::good);
  row.back() = top_cell(short_number(static_cast<double>(worker.resident_bytes)) + "B");
  return row;
}

TopLine remark(const std::string& text, Tone tone) {
  return {{"    " + without_controls(text), tone}};
}

void append_remarks(std::vector<TopLine>& page, const StreamStatus& stream, double now) {
  if (!stream.why_not_ready.empty()) page.push_back(remark(stream.why_not_ready, Tone::bad));
  for (const observe::OutletStatus& outlet : stream.outlets) {
    if (outlet.error.empty()) continue;
    page.push_back(remark(fmt::format("outlet {} has been down for {} (rule{} {}): {}", outlet.name,
                                      short_time(outlet.down_seconds), outlet.rules.size() == 1 ? "" : "s",
                                      fmt::join(outlet.rules, ", "), outlet.error),
                          Tone::warning));
  }
  if (!stream.note.empty()) page.push_back(remark(stream.note, Tone::warning));
  if (runs_out(stream)) {
    const double left = *stream.oplog_exhausted_at - now;
    page.push_back(remark("the position falls off the oplog at " + clock_text(*stream.oplog_exhausted_at) +
                              " at the present rate, in " + short_time(left),
                          left < headroom_bad_seconds ? Tone::bad : Tone::warning));
  }
  for (std::size_t index = 0; index < stream.lanes.size(); ++index) {
    const LaneStatus& lane = stream.lanes[index];
    const double in_flight = lane.in_flight_seconds.value_or(0);
    if (in_flight < slow_batch_seconds) continue;
    page.push_back(
        remark(fmt::format("lane {}: {} effects queued, its batch in flight for {}{}", index, lane.queued,
                           short_time(in_flight), lane.last_error.empty() ? "" : ", " + lane.last_error),
               Tone::warning));
  }
}

TopLine title(const std::vector<TopAnswer>& answers, double now) {
  std::size_t up = 0;
  std::size_t ready = 0;
  std::size_t streams = 0;
  std::size_t degraded = 0;
  for (const TopAnswer& answer : answers) {
    if (!answer.status) continue;
    ++up;
    streams += answer.status->streams.size();
    degraded +=
        static_cast<std::size_t>(std::ranges::count_if(answer.status->streams, &StreamStatus::degraded));
    ready += static_cast<std::size_t>(std::ranges::count_if(
        answer.status->streams, [](const StreamStatus& stream) { return stream.why_not_ready.empty(); }));
    streams += static_cast<std::size_t>(std::ranges::count_if(answer.status->clusters, is_kept_out));
  }
  const bool well = up == answers.size() && ready == streams;
  return {{"sluice top  ", Tone::head},
          {fmt::format("{} of {} workers answer, {} of {} streams ready{}", up, answers.size(), ready,
                       streams, degraded == 0 ? "" : fmt::format(", {} of them degraded", degraded)),
           !well          ? Tone::bad
           : degraded > 0 ? Tone::warning
                          : Tone::good},
          {"  " + clock_text(now), Tone::plain}};
}

}  // namespace

std::vector<TopLine> top_page(const std::vector<TopAnswer>& answers, const std::vector<TopAnswer>& before,
                              double now, std::size_t width) {
  std::vector<TopRow> rows = {top_heading()};
  std::vector<std::vector<TopLine>> remarks(1);  // below each row
  const auto add = [&](TopRow row) {
    rows.push_back(std::move(row));
    remarks.emplace_back();
  };
  for (const TopAnswer& answer : answers) {
    if (!answer.status) {
      remarks.back().push_back({{answer.url + ": " + without_controls(answer.error), Tone::bad}});
      continue;
    }
    for (const StreamStatus& stream : answer.status->streams) {
      add(stream_row(answer, stream, before));
      append_remarks(remarks.back(), stream, now);
    }
    for (const ClusterStatus& cluster : answer.status->clusters) {
      if (cluster.held == 0) add(standby_row(*answer.status, cluster));
      if (!cluster.waits_for.empty()) remarks.back().push_back(remark(cluster.waits_for, Tone::warning));
    }
  }
  const TopTable table(rows, width);
  std::vector<TopLine> page = {title(answers, now), {}};
  for (std::size_t i = 0; i < rows.size(); ++i) {
    page.push_back(table.line(rows[i]));
    for (const TopLine& one : remarks[i]) std::ranges::move(wrapped(one, width), std::back_inserter(page));
  }
  return page;
}

}  // namespace sluice::cli
