#include "cli/top_view.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <ctime>

#include "observe/printable.hpp"

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

/// What a server says may hold anything; on a terminal a control character is a command.
std::string harmless(std::string text) {
  std::ranges::replace_if(
      text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }, ' ');
  return text;
}

/// 950, 12.3k, 4.5M
std::string short_number(double number) {
  constexpr std::array<const char*, 5> units{"", "k", "M", "G", "T"};
  std::size_t unit = 0;
  while (number >= 999.5 && unit + 1 < units.size()) {
    number /= 1000;
    ++unit;
  }
  const bool whole = unit == 0 && (number == std::trunc(number) || number >= 100);
  return fmt::format("{:.{}f}{}", number, whole || number >= 99.95 ? 0 : 1, units[unit]);
}

/// 0.4s, 59s, 3m20s, 5h12m, 12d4h
std::string short_time(double seconds) {
  if (seconds < 0) return "-" + short_time(-seconds);
  if (seconds < 9.95) return fmt::format("{:.1f}s", seconds);
  const auto whole = static_cast<std::int64_t>(std::llround(seconds));
  if (whole < 60) return fmt::format("{}s", whole);
  if (whole < 3600) return fmt::format("{}m{}s", whole / 60, whole % 60);
  if (whole < 86400) return fmt::format("{}h{}m", whole / 3600, whole % 3600 / 60);
  return fmt::format("{}d{}h", whole / 86400, whole % 86400 / 3600);
}

std::string clock_text(double seconds) {
  const auto time = static_cast<std::time_t>(seconds);
  std::tm parts{};
  ::localtime_r(&time, &parts);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S", &parts);
  return text.data();
}

struct Column {
  const char* title;
  std::size_t width;
  bool left = false;
};

constexpr std::array<Column, 14> columns{{{"PIPELINE", 14, true},
                                          {"SHARD", 5},
                                          {"STREAM", 14, true},
                                          {"STATE", 9, true},
                                          {"LAG", 7},
                                          {"READ/s", 7},
                                          {"APPLIED/s", 9},
                                          {"FILTERED/s", 10},
                                          {"DEAD", 6},
                                          {"IN FLIGHT", 15},
                                          {"LANES", 6},
                                          {"OPLOG", 7},
                                          {"STORED", 6},
                                          {"MEMORY", 6}}};

/// How many columns of a terminal a text takes: one for each character that is no continuation of another.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

/// The longest start of a text that takes no more than `width` columns.
std::string_view cut(std::string_view text, std::size_t width) {
  std::size_t at = 0;
  for (std::size_t columns = 0; at < text.size(); ++at) {
    const bool starts = (static_cast<unsigned char>(text[at]) & 0xC0) != 0x80;
    if (starts && columns++ == width) break;
  }
  return text.substr(0, at);
}

TopSpan cell(std::size_t column, const std::string& text, Tone tone = Tone::plain) {
  const std::size_t width = columns[column].width;
  const std::string padding(width - std::min(width, width_of(text)), ' ');
  return {(column == 0 ? "" : "  ") + (columns[column].left ? text + padding : padding + text), tone};
}

TopLine heading() {
  TopLine line;
  for (std::size_t i = 0; i < columns.size(); ++i) line.push_back(cell(i, columns[i].title, Tone::head));
  return line;
}

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

/// What a counter rose by in a second between two answers. A counter that fell is another process's.
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
  if (!stream.waits_for.empty()) return cell(3, "stalled", Tone::bad);
  if (!stream.why_not_ready.empty()) return cell(3, "not ready", Tone::bad);
  if (stream.degraded()) return cell(3, "degraded", Tone::warning);
  return cell(3, "ready", Tone::good);
}

Tone lag_tone(double seconds) {
  if (seconds >= lag_bad_seconds) return Tone::bad;
  return seconds >= lag_warning_seconds ? Tone::warning : Tone::plain;
}

/// Whether the oplog's end comes nearer to the position.
bool runs_out(const StreamStatus& stream) {
  return stream.oplog_exhausted_at && std::isfinite(*stream.oplog_exhausted_at);
}

TopSpan oplog_cell(const StreamStatus& stream) {
  const auto headroom = stream.oplog_headroom_seconds;
  if (!headroom) return cell(11, unknown);
  const Tone tone = *headroom < headroom_bad_seconds       ? Tone::bad
                    : *headroom < headroom_warning_seconds ? Tone::warning
                                                           : Tone::plain;
  // A young oplog is short, and no danger while nothing of it is overwritten.
  return cell(11, short_time(*headroom), runs_out(stream) ? tone : Tone::plain);
}

std::string lanes_text(const std::vector<LaneStatus>& lanes) {
  const auto busy =
      std::ranges::count_if(lanes, [](const LaneStatus& lane) { return lane.in_flight_seconds.has_value(); });
  return fmt::format("{}/{}", busy, lanes.size());
}

TopLine stream_line(const TopAnswer& answer, const StreamStatus& stream,
                    const std::vector<TopAnswer>& before) {
  const WorkerStatus& worker = *answer.status;
  const Rates rates(answer, stream, before);
  const auto stored = stream.checkpoint_age_seconds;
  TopLine line;
  line.push_back(cell(0, harmless(worker.pipeline)));
  line.push_back(
      cell(1, fmt::format("{}/{}", stream.partition.value_or(worker.shard_index), worker.shard_count)));
  line.push_back(cell(2, harmless(stream.name)));
  line.push_back(state_cell(stream));
  line.push_back(cell(4, short_time(stream.lag_seconds), lag_tone(stream.lag_seconds)));
  line.push_back(cell(5, rates.of(&StreamStatus::events_read)));
  line.push_back(cell(6, rates.of(&StreamStatus::events_applied)));
  line.push_back(cell(7, rates.of(&StreamStatus::events_filtered)));
  line.push_back(
      cell(8, short_number(stream.events_dead), stream.events_dead > 0 ? Tone::warning : Tone::plain));
  line.push_back(cell(9, fmt::format("{} / {}B", short_number(static_cast<double>(stream.events_in_flight)),
                                     short_number(static_cast<double>(stream.bytes_in_flight)))));
  line.push_back(cell(10, lanes_text(stream.lanes)));
  line.push_back(oplog_cell(stream));
  line.push_back(cell(12, stored ? short_time(*stored) : unknown));
  line.push_back(cell(13, short_number(static_cast<double>(worker.resident_bytes)) + "B"));
  return line;
}

/// A member of a cluster that runs no partition of a stream at the moment.
TopLine standby_line(const WorkerStatus& worker, const ClusterStatus& cluster) {
  TopLine line;
  line.push_back(cell(0, harmless(worker.pipeline)));
  line.push_back(cell(1, fmt::format("-/{}", cluster.partitions)));
  line.push_back(cell(2, harmless(cluster.stream)));
  line.push_back(cluster.members == 0        ? cell(3, "not ready", Tone::bad)
                 : cluster.waits_for.empty() ? cell(3, "standby", Tone::good)
                                             : cell(3, "waits", Tone::warning));
  for (std::size_t i = 4; i + 1 < columns.size(); ++i) line.push_back(cell(i, unknown));
  line.push_back(cell(13, short_number(static_cast<double>(worker.resident_bytes)) + "B"));
  return line;
}

TopLine remark(const std::string& text, Tone tone) {
  return {{"    " + harmless(text), tone}};
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
    page.push_back(remark("the oplog's end reaches the position at " +
                              clock_text(*stream.oplog_exhausted_at) + " at the present rate, in " +
                              short_time(left),
                          left < headroom_bad_seconds ? Tone::bad : Tone::warning));
  }
  for (std::size_t index = 0; index < stream.lanes.size(); ++index) {
    const LaneStatus& lane = stream.lanes[index];
    const double in_flight = lane.in_flight_seconds.value_or(0);
    if (in_flight < slow_batch_seconds) continue;
    page.push_back(
        remark(fmt::format("lane {}: {} effects queued, its batch under way for {}{}", index, lane.queued,
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

const char* colour(Tone tone) {
  const char* no_color = std::getenv("NO_COLOR");  // no-color.org
  if (no_color != nullptr && *no_color != '\0') return "";
  switch (tone) {
    case Tone::plain:
      return "";
    case Tone::head:
      return "\x1b[1m";
    case Tone::good:
      return "\x1b[32m";
    case Tone::warning:
      return "\x1b[33m";
    case Tone::bad:
      return "\x1b[1;31m";
  }
  return "";
}

}  // namespace

std::vector<TopLine> top_page(const std::vector<TopAnswer>& answers, const std::vector<TopAnswer>& before,
                              double now) {
  std::vector<TopLine> page = {title(answers, now), {}, heading()};
  for (const TopAnswer& answer : answers) {
    if (!answer.status) {
      page.push_back({{answer.url + ": " + harmless(answer.error), Tone::bad}});
      continue;
    }
    for (const StreamStatus& stream : answer.status->streams) {
      page.push_back(stream_line(answer, stream, before));
      append_remarks(page, stream, now);
    }
    for (const ClusterStatus& cluster : answer.status->clusters) {
      if (cluster.held == 0) page.push_back(standby_line(*answer.status, cluster));
      if (!cluster.waits_for.empty()) page.push_back(remark(cluster.waits_for, Tone::warning));
    }
  }
  return page;
}

std::string plain_text(const TopLine& line) {
  std::string text;
  for (const TopSpan& span : line) text += observe::printable(span.text);
  return text.substr(0, text.find_last_not_of(' ') + 1);
}

std::string terminal_text(const TopLine& line, std::size_t width) {
  std::string text;
  for (const TopSpan& span : line) {
    const std::string safe = observe::printable(span.text);
    const std::string_view shown = cut(safe, width);
    width -= width_of(shown);
    const char* on = colour(span.tone);
    text += on;
    text += shown;
    if (*on != '\0') text += "\x1b[0m";
  }
  return text;
}

}  // namespace sluice::cli
