#include "observe/status.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace sluice::observe {
namespace {

TEST(Status, OfAStreamThatKnowsNothingYet) {
  WorkerStatus worker{"p", 1, 4, 2.5, 4096, {}};
  worker.streams.push_back({.name = "s", .why_not_ready = "connecting to MongoDB"});
  EXPECT_EQ(
      status_json(worker),
      R"({"pipeline":"p","shard":{"index":1,"count":4},"uptimeSeconds":2.5,"residentBytes":4096,"streams":[)"
      R"({"name":"s","ready":false,"whyNotReady":"connecting to MongoDB","degraded":false,"stalled":false,"waitsFor":"",)"
      R"("lagSeconds":0,"position":null,"epoch":0,)"
      R"("events":{"read":0,"applied":0,"published":0,"filtered":0,"dead":0},)"
      R"("eventsInFlight":0,"bytesInFlight":0,"oplogHeadroomSeconds":null,"oplogExhaustedAt":null,)"
      R"("checkpointAgeSeconds":null,"outlets":[],"lanes":[]}]})");
}

TEST(Status, OfAStreamAtWork) {
  StreamStatus stream{.name = "s", .waits_for = "lane 1", .lag_seconds = 1.5, .position = 1700000000};
  stream.events_read = 10;
  stream.oplog_headroom_seconds = 3600;
  stream.oplog_exhausted_at = std::numeric_limits<double>::infinity();
  stream.note = "rule r is not backfilled";
  stream.lanes = {{.queued = 0, .in_flight_seconds = {}, .last_error = ""},
                  {.queued = 7, .in_flight_seconds = 0.25, .last_error = "busy"}};
  const std::string json = status_json({"p", 0, 1, 0, 0, {stream}});
  for (
      const char* part :
      {R"("ready":true,"whyNotReady":"","degraded":false,"stalled":true,"waitsFor":"lane 1","lagSeconds":1.5)",
       R"("position":1700000000,)", R"("read":10,)",
       R"("oplogHeadroomSeconds":3600,"oplogExhaustedAt":null,)", R"("note":"rule r is not backfilled",)",
       R"("lanes":[{"index":0,"queued":0,"inFlightSeconds":null,"lastError":""},)"
       R"({"index":1,"queued":7,"inFlightSeconds":0.25,"lastError":"busy"}])"}) {
    EXPECT_NE(json.find(part), std::string::npos) << part << "\nin " << json;
  }
}

TEST(Status, OfAStreamWithAServerThatIsDown) {
  StreamStatus stream{.name = "s"};
  stream.outlets = {{"nats://n", {"a", "b"}, "away", 2.5}, {"http://h", {"c"}, "", 0}};
  EXPECT_TRUE(stream.degraded());
  const std::string json = status_json({"p", 0, 1, 0, 0, {stream}});
  for (const char* part :
       {R"("ready":true,"whyNotReady":"","degraded":true)",
        R"("outlets":[{"name":"nats://n","up":false,"rules":["a","b"],"error":"away","downSeconds":2.5},)"
        R"({"name":"http://h","up":true,"rules":["c"],"error":"","downSeconds":0}])"}) {
    EXPECT_NE(json.find(part), std::string::npos) << part << "\nin " << json;
  }
  stream.why_not_ready = "stalled";
  EXPECT_FALSE(stream.degraded()) << "it is worse than that";
  stream.why_not_ready.clear();
  stream.outlets[0].error.clear();
  EXPECT_FALSE(stream.degraded());
}

TEST(Status, TellsHowTheInstancesOfAClusterReadTheirChangeStream) {
  WorkerStatus worker{"p", 0, 1, 0, 0, {}};
  worker.clusters.push_back({"s", "me", 3, 6, 2, ""});
  EXPECT_EQ(status_json(worker).find("feed"), std::string::npos);
  worker.clusters[0].feed = FeedStatus{"b:7450", 0};
  const std::string json = status_json(worker);
  EXPECT_NE(json.find(R"("held":2,"waitsFor":"","feed":{"readsThrough":"b:7450","followers":0}}])"),
            std::string::npos)
      << json;
  EXPECT_EQ((FeedStatus{"b:7450", 0}).text(), "reads the change stream through b:7450");
  EXPECT_EQ((FeedStatus{"", 0}).text(), "reads the change stream by itself");
  EXPECT_EQ((FeedStatus{"", 1}).text(), "reads the change stream by itself, and for another instance");
  EXPECT_EQ((FeedStatus{"", 2}).text(), "reads the change stream by itself, and for 2 other instances");
}

TEST(Status, OfAConfigurationThatWasRefused) {
  WorkerStatus worker{"p", 0, 1, 0, 0, {}};
  EXPECT_EQ(status_json(worker).find("configuration"), std::string::npos);
  worker.configuration = {2, "w.yaml:3: no"};
  EXPECT_NE(status_json(worker).find(R"("configuration":{"reloads":2,"refused":"w.yaml:3: no"}})"),
            std::string::npos)
      << status_json(worker);
}

}  // namespace
}  // namespace sluice::observe
