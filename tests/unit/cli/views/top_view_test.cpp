#include "cli/views/top_view.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <limits>

#include "text/display_width.hpp"

namespace sluice::cli {
namespace {

using namespace std::chrono_literals;

constexpr double now = 1'700'000'000;

TopAnswer answer_with(const observe::StreamStatus& stream, flow::Time at = {}) {
  return {"http://a:1", at, observe::WorkerStatus{"realworld", 1, 4, 60, 21'000'000, {stream}}, ""};
}

std::string page_of(const std::vector<TopAnswer>& answers, const std::vector<TopAnswer>& before = {}) {
  std::string text;
  for (const TopLine& line : top_page(answers, before, now)) text += plain_text(line) + "\n";
  return text;
}

/// The tone in which `text` stands on the page.
Tone tone_of(const std::vector<TopAnswer>& answers, const std::string& text) {
  for (const TopLine& line : top_page(answers, {}, now)) {
    for (const TopSpan& span : line) {
      if (span.text.find(text) != std::string::npos) return span.tone;
    }
  }
  ADD_FAILURE() << text << " stands nowhere in\n" << page_of(answers);
  return Tone::plain;
}

bool has(const std::string& page, const std::string& text) {
  return page.find(text) != std::string::npos;
}

observe::StreamStatus well() {
  observe::StreamStatus stream;
  stream.name = "conduit";
  stream.lag_seconds = 0.4;
  stream.events_read = 1000;
  stream.events_applied = 600;
  stream.events_filtered = 400;
  stream.events_in_flight = 1234;
  stream.bytes_in_flight = 5'600'000;
  stream.oplog_headroom_seconds = 2 * 86400 + 4 * 3600;
  stream.oplog_exhausted_at = std::numeric_limits<double>::infinity();
  stream.checkpoint_age_seconds = 0.7;
  stream.lanes = {{.queued = 3, .in_flight_seconds = 0.1, .last_error = ""}, {}};
  return stream;
}

TEST(Top, ShowsALineForEachStream) {
  const std::string page = page_of({answer_with(well())});
  const auto lines = std::ranges::count(page, '\n');
  EXPECT_EQ(lines, 4) << page;
  EXPECT_TRUE(has(page, "1 of 1 workers answer, 1 of 1 streams ready")) << page;
  for (const char* text :
       {"realworld", "1/4", "conduit", "ready", "0.4s", "1.2k / 5.6MB", "1/2", "2d4h", "0.7s", "21.0MB"}) {
    EXPECT_TRUE(has(page, text)) << text << "\n" << page;
  }
}

TEST(Top, PutsValuesUnderTheirTitles) {
  const std::string page = page_of({answer_with(well())});
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < page.size(); at = page.find('\n', at) + 1) {
    lines.push_back(page.substr(at, page.find('\n', at) - at));
  }
  EXPECT_EQ(lines[2].find("STREAM"), lines[3].find("conduit"));
  EXPECT_EQ(lines[2].find("LAG") + 3, lines[3].find("0.4s") + 4);
  EXPECT_EQ(lines[2].size(), lines[3].size());
}

std::vector<std::string> lines_of(const std::vector<TopAnswer>& answers, std::size_t width) {
  std::vector<std::string> lines;
  for (const TopLine& line : top_page(answers, {}, now, width)) lines.push_back(plain_text(line));
  return lines;
}

/// At which column of the terminal a text begins.
std::size_t column_of(const std::string& line, const std::string& text) {
  const auto at = line.find(text);
  return at == std::string::npos ? at : text::display_width(std::string_view(line).substr(0, at));
}

/// Names that are long, wide, and written with combining marks, each on its line.
TEST(Top, KeepsColumnsInPlaceWhateverTheNames) {
  const std::string long_name = "orders-of-the-northern-warehouses-2026-q4";  // 41
  for (const std::size_t width : {80U, 120U, 200U}) {
    std::vector<TopAnswer> answers;
    for (const std::string& name : {std::string("conduit"), long_name, std::string("bestellungen-größe-ü"),
                                    std::string("注文の流れと在庫の確認"), std::string("e\u0301te\u0301")}) {
      observe::StreamStatus stream = well();
      stream.name = name;
      answers.push_back(answer_with(stream));
      answers.back().status->pipeline = name;
    }
    const auto lines = lines_of(answers, width);
    ASSERT_EQ(lines.size(), 8u);
    for (std::size_t i = 2; i < lines.size(); ++i) {
      EXPECT_LE(text::display_width(lines[i]), width) << lines[i];
      if (i == 2) continue;
      EXPECT_EQ(column_of(lines[i], "ready"), column_of(lines[2], "STATE")) << width << "\n" << lines[i];
      EXPECT_EQ(column_of(lines[i], "0.4s") + 4, column_of(lines[2], "LAG") + 3) << lines[i];
    }
    EXPECT_NE(lines[2].find("DEAD"), std::string::npos) << "it is never left out";
  }
}

TEST(Top, ShortensNamesInTheMiddleAndShowsThemWhereThereIsRoom) {
  observe::StreamStatus stream = well();
  stream.name = "orders-of-the-northern-warehouses-2026-q4";
  const std::vector<TopAnswer> answers = {answer_with(stream)};
  EXPECT_TRUE(has(lines_of(answers, 80)[3], "  orders-of-\u2026s-2026-q4  ready"))
      << lines_of(answers, 80)[3];
  EXPECT_TRUE(has(lines_of(answers, 200)[3], stream.name));
  EXPECT_TRUE(has(page_of(answers), stream.name)) << "to a pipe";
}

TEST(Top, WrapsRemarksToTheWidth) {
  observe::StreamStatus stream = well();
  stream.note =
      "rule likes is not backfilled: its targets lack what its source collections held when it began";
  const auto lines = lines_of({answer_with(stream)}, 80);
  ASSERT_EQ(lines.size(), 6u);
  EXPECT_EQ(lines[4], "    rule likes is not backfilled: its targets lack what its source collections");
  EXPECT_EQ(lines[5], "    held when it began");
}

TEST(Top, CountsAMemberThatIsKeptOut) {
  TopAnswer waits{"http://b:1", {}, observe::WorkerStatus{"realworld", 0, 4, 60, 21'000'000, {}}, ""};
  waits.status->clusters = {{"conduit", "b", 1, 4, 0, "0-of-2 is held by db1"}};
  EXPECT_TRUE(has(page_of({waits}), "0 of 1 streams ready"));
  EXPECT_EQ(tone_of({waits}, "waits"), Tone::warning);
  waits.status->clusters = {{"conduit", "b", 0, 4, 0, "could not join"}};
  EXPECT_TRUE(has(page_of({waits}), "0 of 1 streams ready"));
  EXPECT_TRUE(has(page_of({waits}), "\n    could not join\n"));
  EXPECT_EQ(tone_of({waits}, "not ready"), Tone::bad);
  waits.status->clusters = {{"conduit", "b", 2, 4, 0, ""}};
  EXPECT_TRUE(has(page_of({waits}), "0 of 0 streams ready")) << "who stands by lacks nothing";
}

TEST(Top, ShowsNoControlCharactersOfWhatItWasTold) {
  observe::StreamStatus stream = well();
  stream.lanes[0].in_flight_seconds = 60;
  stream.name = "a\x1b[2J\u009bb";
  stream.lanes[0].last_error = "refused:\x1b[2J\nforged";
  const std::string page = page_of({answer_with(stream)});
  EXPECT_TRUE(has(page, "refused:")) << page;
  EXPECT_TRUE(has(page, "a [2J\\u009bb")) << page;
  EXPECT_FALSE(has(page, "\x1b")) << page;
  EXPECT_FALSE(has(page, "\nforged")) << page;
  for (const TopLine& line : top_page({answer_with(stream)}, {}, now)) {
    EXPECT_FALSE(has(terminal_text(line, 200), "\x1b[2J"));
  }
}

TEST(Top, TellsRatesFromTwoAnswers) {
  observe::StreamStatus later = well();
  later.events_read += 5000;
  later.events_applied += 30;
  const auto page = page_of({answer_with(later, flow::Time{} + 2s)}, {answer_with(well(), flow::Time{})});
  EXPECT_TRUE(has(page, "2.5k         15           0")) << page;
}

TEST(Top, TellsNoRatesFromOneAnswerNorAcrossARestart) {
  EXPECT_TRUE(has(page_of({answer_with(well())}), "-          -           -"));
  observe::StreamStatus restarted = well();
  restarted.events_read = restarted.events_applied = restarted.events_filtered = 3;
  const auto page = page_of({answer_with(restarted, flow::Time{} + 1s)}, {answer_with(well(), flow::Time{})});
  EXPECT_TRUE(has(page, "-          -           -")) << page;
}

TEST(Top, SaysWhatAStalledStreamWaitsFor) {
  observe::StreamStatus stream = well();
  stream.waits_for = stream.why_not_ready = "lane 0: its batch of 1 event has been in flight for 31 s";
  const std::vector<TopAnswer> answers = {answer_with(stream)};
  EXPECT_TRUE(has(page_of(answers), "\n    lane 0: its batch of 1 event has been in flight for 31 s\n"));
  EXPECT_EQ(tone_of(answers, "stalled"), Tone::bad);
  EXPECT_EQ(tone_of(answers, "0 of 1 streams ready"), Tone::bad);
}

TEST(Top, SaysWhichServerADegradedStreamWaitsFor) {
  observe::StreamStatus stream = well();
  stream.outlets = {{"http://h", {"mail"}, "", 0}, {"nats://n:4222", {"orders", "stock"}, "away", 3.25}};
  const std::vector<TopAnswer> answers = {answer_with(stream)};
  EXPECT_EQ(tone_of(answers, "degraded "), Tone::warning) << page_of(answers);
  EXPECT_EQ(tone_of(answers, "1 of 1 streams ready, 1 of them degraded"), Tone::warning) << page_of(answers);
  EXPECT_TRUE(has(page_of(answers),
                  "\n    outlet nats://n:4222 has been down for 3.2s (rules orders, stock): away\n"))
      << page_of(answers);
  EXPECT_FALSE(has(page_of(answers), "outlet http://h")) << "it is up";
}

TEST(Top, SaysWhyAStreamIsNotReady) {
  observe::StreamStatus stream = well();
  stream.why_not_ready = "connecting to MongoDB";
  EXPECT_EQ(tone_of({answer_with(stream)}, "not ready"), Tone::bad);
  EXPECT_EQ(tone_of({answer_with(stream)}, "connecting to MongoDB"), Tone::bad);
  EXPECT_EQ(tone_of({answer_with(well())}, "ready"), Tone::good);
}

TEST(Top, ShowsWhatIsWorthKnowingOfAStreamThatIsReady) {
  observe::StreamStatus stream = well();
  stream.note = "rule likes is not backfilled";
  EXPECT_EQ(tone_of({answer_with(stream)}, "rule likes is not backfilled"), Tone::warning);
  EXPECT_EQ(tone_of({answer_with(stream)}, "1 of 1 streams ready"), Tone::good);
}

TEST(Top, SaysWhenTheOplogRunsOut) {
  observe::StreamStatus stream = well();
  stream.oplog_headroom_seconds = 1800;
  EXPECT_EQ(tone_of({answer_with(stream)}, "30m0s"), Tone::plain) << "a young oplog runs out of nothing";
  stream.oplog_exhausted_at = now + 900;
  EXPECT_EQ(tone_of({answer_with(stream)}, "30m0s"), Tone::bad);
  EXPECT_TRUE(has(page_of({answer_with(stream)}), "at the present rate, in 15m0s"));
}

TEST(Top, ShowsPartitionsAndThoseWhoStandBy) {
  observe::StreamStatus partition = well();
  partition.partition = 3;
  TopAnswer at_work = answer_with(partition);
  at_work.status->clusters = {{"conduit", "a", 2, 4, 1, ""}};
  TopAnswer standby{"http://b:1", {}, observe::WorkerStatus{"realworld", 0, 4, 60, 21'000'000, {}}, ""};
  standby.status->clusters = {{"conduit", "b", 2, 4, 0, ""}};
  const std::string page = page_of({at_work, standby});
  EXPECT_TRUE(has(page, "3/4  conduit         ready")) << page;
  EXPECT_TRUE(has(page, "-/4  conduit         standby")) << page;
  standby.status->clusters[0].waits_for = "0-of-2 is held by db1";
  EXPECT_TRUE(has(page_of({standby}), "\n    0-of-2 is held by db1\n"));
}

TEST(Top, TellsRatesOfEachPartitionByItself) {
  observe::StreamStatus one = well();
  one.partition = 1;
  observe::StreamStatus two = well();
  two.partition = 2;
  two.events_read = 50'000;
  TopAnswer before = answer_with(one, flow::Time{});
  before.status->streams.push_back(two);
  two.events_read += 8000;
  EXPECT_TRUE(has(page_of({answer_with(two, flow::Time{} + 2s)}, {before}), " 4.0k "));
}

TEST(Top, NamesSlowLanes) {
  observe::StreamStatus stream = well();
  stream.lanes[1] = {.queued = 70, .in_flight_seconds = 12, .last_error = "WriteConflict (code 112)"};
  EXPECT_TRUE(has(page_of({answer_with(stream)}),
                  "lane 1: 70 effects queued, its batch in flight for 12s, WriteConflict (code 112)"));
  EXPECT_FALSE(has(page_of({answer_with(stream)}), "lane 0:"));
}

TEST(Top, NamesWorkersThatDoNotAnswer) {
  const std::vector<TopAnswer> answers = {answer_with(well()),
                                          {"http://b:2", {}, std::nullopt, "Connection refused"}};
  EXPECT_TRUE(has(page_of(answers), "1 of 2 workers answer"));
  EXPECT_TRUE(has(page_of(answers), "\nhttp://b:2: Connection refused\n"));
  EXPECT_EQ(tone_of(answers, "Connection refused"), Tone::bad);
}

TEST(Top, LetsNoErrorCommandTheTerminal) {
  observe::StreamStatus stream = well();
  stream.why_not_ready = "bad \x1b[2J\r\n news";
  const std::string page = page_of({answer_with(stream)});
  EXPECT_FALSE(has(page, "\x1b")) << page;
  EXPECT_TRUE(has(page, "bad  [2J   news"));
}

TEST(TopLines, AreCutToTheTerminalsWidthWithoutTheirColours) {
  const TopLine line = {{"abc", Tone::bad}, {"d\u00e9f", Tone::plain}, {"ghi", Tone::good}};
  EXPECT_EQ(terminal_text(line, 80), "\x1b[1;31mabc\x1b[0md\u00e9f\x1b[32mghi\x1b[0m");
  EXPECT_EQ(terminal_text(line, 5), "\x1b[1;31mabc\x1b[0md\u00e9\x1b[32m\x1b[0m");
  EXPECT_EQ(terminal_text(line, 0), "\x1b[1;31m\x1b[0m\x1b[32m\x1b[0m");
}

TEST(TopLines, HaveNoColoursWhereNoColorIsSet) {
  const TopLine line = {{"abc", Tone::bad}, {"def", Tone::plain}};
  ::setenv("NO_COLOR", "1", 1);
  const std::string without = terminal_text(line, 80);
  ::setenv("NO_COLOR", "", 1);  // empty counts as not set
  const std::string with = terminal_text(line, 80);
  ::unsetenv("NO_COLOR");
  EXPECT_EQ(without, "abcdef");
  EXPECT_EQ(with, "\x1b[1;31mabc\x1b[0mdef");
}

}  // namespace
}  // namespace sluice::cli
