#include "cli/views/top_view.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <ctime>
#include <iterator>
#include <sstream>

#include "text/display_width.hpp"
#include "text/printable.hpp"

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
  std::size_t width;  ///< at least, so that a page does not jump as numbers change
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
constexpr std::size_t pipeline_column = 0;
constexpr std::size_t stream_column = 2;
constexpr std::size_t gap = 2;  ///< between two columns
/// What is left out first where a terminal is too narrow for all.
constexpr std::array<std::size_t, 8> expendable{13, 12, 7, 10, 9, 11, 6, 5};

/// Measured as it is shown.
TopSpan cell(const std::string& text, Tone tone = Tone::plain) {
  return {text::printable(harmless(text)), tone};
}

using Row = std::array<TopSpan, columns.size()>;

/// How the columns share a terminal's width.
class Table {
 public:
  Table(const std::vector<Row>& rows, std::size_t width) {
    for (std::size_t i = 0; i < columns.size(); ++i) {
      widths_[i] = columns[i].width;
      if (is_name(i)) continue;
      for (const Row& row : rows) widths_[i] = std::max(widths_[i], text::display_width(row[i].text));
    }
    for (const std::size_t column : expendable) {
      if (total() > width) shown_[column] = false;
    }
    // A name has what room there is, and that of the stream says more than that of the pipeline.
    for (const std::size_t column : {stream_column, pipeline_column}) {
      std::size_t wanted = widths_[column];
      for (const Row& row : rows) wanted = std::max(wanted, text::display_width(row[column].text));
      const std::size_t room = width - std::min(width, total());
      widths_[column] += std::min(room, wanted - widths_[column]);
    }
  }

  TopLine line(const Row& row) const {
    TopLine line;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      if (!shown_[i]) continue;
      const std::string text = text::shortened(row[i].text, widths_[i]);
      const std::string padding(widths_[i] - text::display_width(text), ' ');
      line.push_back(
          {std::string(i == 0 ? 0 : gap, ' ') + (columns[i].left ? text + padding : padding + text),
           row[i].tone});
    }
    return line;
  }

 private:
  static bool is_name(std::size_t column) { return column == pipeline_column || column == stream_column; }

  std::size_t total() const {
    std::size_t sum = 0;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      if (shown_[i]) sum += widths_[i] + (i == 0 ? 0 : gap);
    }
    return sum;
  }

  std::array<std::size_t, columns.size()> widths_{};
  std::array<bool, columns.size()> shown_ = [] {
    std::array<bool, columns.size()> all{};
    all.fill(true);
    return all;
  }();
};

Row heading() {
  Row row;
  for (std::size_t i = 0; i < columns.size(); ++i) row[i] = {columns[i].title, Tone::head};
  return row;
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
  if (!stream.waits_for.empty()) return cell("stalled", Tone::bad);
  if (!stream.why_not_ready.empty()) return cell("not ready", Tone::bad);
  if (stream.degraded()) return cell("degraded", Tone::warning);
  return cell("ready", Tone::good);
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
  if (!headroom) return cell(unknown);
  const Tone tone = *headroom < headroom_bad_seconds       ? Tone::bad
                    : *headroom < headroom_warning_seconds ? Tone::warning
                                                           : Tone::plain;
  // A young oplog is short, and no danger while nothing of it is overwritten.
  return cell(short_time(*headroom), runs_out(stream) ? tone : Tone::plain);
}

std::string lanes_text(const std::vector<LaneStatus>& lanes) {
  const auto busy =
      std::ranges::count_if(lanes, [](const LaneStatus& lane) { return lane.in_flight_seconds.has_value(); });
  return fmt::format("{}/{}", busy, lanes.size());
}

Row stream_row(const TopAnswer& answer, const StreamStatus& stream, const std::vector<TopAnswer>& before) {
  const WorkerStatus& worker = *answer.status;
  const Rates rates(answer, stream, before);
  const auto stored = stream.checkpoint_age_seconds;
  return {cell(worker.pipeline),
          cell(fmt::format("{}/{}", stream.partition.value_or(worker.shard_index), worker.shard_count)),
          cell(stream.name),
          state_cell(stream),
          cell(short_time(stream.lag_seconds), lag_tone(stream.lag_seconds)),
          cell(rates.of(&StreamStatus::events_read)),
          cell(rates.of(&StreamStatus::events_applied)),
          cell(rates.of(&StreamStatus::events_filtered)),
          cell(short_number(stream.events_dead), stream.events_dead > 0 ? Tone::warning : Tone::plain),
          cell(fmt::format("{} / {}B", short_number(static_cast<double>(stream.events_in_flight)),
                           short_number(static_cast<double>(stream.bytes_in_flight)))),
          cell(lanes_text(stream.lanes)),
          oplog_cell(stream),
          cell(stored ? short_time(*stored) : unknown),
          cell(short_number(static_cast<double>(worker.resident_bytes)) + "B")};
}

/// Whether a member runs no partition of a stream for a reason.
bool is_kept_out(const ClusterStatus& cluster) {
  return cluster.held == 0 && (cluster.members == 0 || !cluster.waits_for.empty());
}

/// A member of a cluster that runs no partition of a stream at the moment.
Row standby_row(const WorkerStatus& worker, const ClusterStatus& cluster) {
  Row row;
  row.fill(cell(unknown));
  row[pipeline_column] = cell(worker.pipeline);
  row[1] = cell(fmt::format("-/{}", cluster.partitions));
  row[stream_column] = cell(cluster.stream);
  row[3] = cluster.members == 0   ? cell("not ready", Tone::bad)
           : is_kept_out(cluster) ? cell("waits", Tone::warning)
                                  : cell("standby", Tone::good);
  row.back() = cell(short_number(static_cast<double>(worker.resident_bytes)) + "B");
  return row;
}

TopLine remark(const std::string& text, Tone tone) {
  return {{"    " + harmless(text), tone}};
}

/// A remark on as many lines as it takes; a word that is wider than a line is cut by the terminal.
std::vector<TopLine> wrapped(const TopLine& line, std::size_t width) {
  if (line.size() != 1 || text::display_width(line.front().text) <= width) return {line};
  const auto& [text, tone] = line.front();
  const std::string indent(std::min(text.find_first_not_of(' '), text.size()), ' ');
  std::vector<TopLine> lines;
  std::string now = indent;
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    const bool first = now == indent;
    if (!first && text::display_width(now) + 1 + text::display_width(word) > width) {
      lines.push_back({{now, tone}});
      now = indent + word;
    } else {
      now += (first ? "" : " ") + word;
    }
  }
  lines.push_back({{now, tone}});
  return lines;
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
                              double now, std::size_t width) {
  std::vector<Row> rows = {heading()};
  std::vector<std::vector<TopLine>> remarks(1);  // below each row
  const auto add = [&](Row row) {
    rows.push_back(std::move(row));
    remarks.emplace_back();
  };
  for (const TopAnswer& answer : answers) {
    if (!answer.status) {
      remarks.back().push_back({{answer.url + ": " + harmless(answer.error), Tone::bad}});
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
  const Table table(rows, width);
  std::vector<TopLine> page = {title(answers, now), {}};
  for (std::size_t i = 0; i < rows.size(); ++i) {
    page.push_back(table.line(rows[i]));
    for (const TopLine& one : remarks[i]) std::ranges::move(wrapped(one, width), std::back_inserter(page));
  }
  return page;
}

std::string plain_text(const TopLine& line) {
  std::string text;
  for (const TopSpan& span : line) text += text::printable(span.text);
  return text.substr(0, text.find_last_not_of(' ') + 1);
}

std::string terminal_text(const TopLine& line, std::size_t width) {
  std::string text;
  for (const TopSpan& span : line) {
    const std::string safe = text::printable(span.text);
    const std::string_view shown = text::cut(safe, width);
    width -= text::display_width(shown);
    const char* on = colour(span.tone);
    text += on;
    text += shown;
    if (*on != '\0') text += "\x1b[0m";
  }
  return text;
}

}  // namespace sluice::cli
