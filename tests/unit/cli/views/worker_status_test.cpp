#include "cli/views/worker_status.hpp"

#include <gtest/gtest.h>

namespace sluice::cli {
namespace {

observe::WorkerStatus worker() {
  observe::StreamStatus stream;
  stream.name = "conduit";
  stream.why_not_ready = "stalled \"here\"";
  stream.waits_for = "lane 1";
  stream.note = "rule r";
  stream.lag_seconds = 12.5;
  stream.position = 1'700'000'000;
  stream.epoch = 7;
  stream.events_read = 5e9;  // beyond 32 bits
  stream.events_applied = 4;
  stream.events_published = 3;
  stream.events_filtered = 2;
  stream.events_dead = 1;
  stream.events_in_flight = 11;
  stream.bytes_in_flight = 12;
  stream.oplog_headroom_seconds = 3600.5;
  stream.oplog_exhausted_at = 1'700'003'600;
  stream.checkpoint_age_seconds = 0.25;
  stream.lanes = {{.queued = 3, .in_flight_seconds = 1.5, .last_error = "busy"}, {}};
  stream.outlets = {{"nats://n:4222", {"a", "b"}, "away", 1.5}, {"http://h", {"c"}, "", 0}};
  return {"realworld", 2, 4, 60, 1 << 20, {stream, {.name = "other"}}};
}

TEST(WorkerStatus, ComesBackAsItWasWritten) {
  const std::string json = observe::status_json(worker());
  const auto parsed = parse_status(json);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(observe::status_json(*parsed), json);
  EXPECT_EQ(parsed->streams[0].outlets[0].error, "away");
  EXPECT_EQ(parsed->streams[0].events_read, 5e9);
  EXPECT_EQ(parsed->streams[0].lanes[0].last_error, "busy");
  EXPECT_FALSE(parsed->streams[0].lanes[1].in_flight_seconds);
  EXPECT_FALSE(parsed->streams[1].position);
}

TEST(WorkerStatus, OfAMemberComesBackToo) {
  observe::WorkerStatus member = worker();
  member.streams[0].partition = 3;
  member.clusters = {{"conduit", "sluice 1 2 3", 3, 8, 1, ""}, {"other", "sluice 1 2 3", 2, 8, 0, "held"}};
  const std::string json = observe::status_json(member);
  const auto parsed = parse_status(json);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(observe::status_json(*parsed), json);
  EXPECT_EQ(parsed->streams[0].partition, 3);
  EXPECT_FALSE(parsed->streams[1].partition);
  ASSERT_EQ(parsed->clusters.size(), 2u);
  EXPECT_EQ(parsed->clusters[1].waits_for, "held");
}

TEST(WorkerStatus, KeepsDefaultsForWhatIsNotTold) {
  const auto parsed = parse_status(R"({"streams":[{"name":"s","unheardOf":1}]})");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->streams[0].name, "s");
  EXPECT_EQ(parsed->streams[0].events_read, 0);
}

TEST(WorkerStatus, IsNotReadFromOtherPages) {
  for (const char* text : {"", "no such page\n", "{", "{}", "[]", R"({"status":"UP"})", R"({"streams":1})"}) {
    EXPECT_FALSE(parse_status(text)) << text;
  }
}

}  // namespace
}  // namespace sluice::cli
