#include "cli/views/cluster_view.hpp"

#include <gtest/gtest.h>

namespace sluice::cli {
namespace {

constexpr std::int64_t now = 1'700'000'000'000;

checkpoint::LeaseHolder holder(std::int64_t pid) {
  return {"db1", "space", pid, 1, "sluice 0 " + std::to_string(pid) + " 1"};
}

/// Two members of three; the one that is silent holds nothing any more.
checkpoint::ClusterRecord record() {
  checkpoint::ClusterRecord record;
  record.now_ms = now;
  record.layout = 3;
  record.members = {{"sluice 0 77 1", holder(77), 3, 9464, now - 60'000, now - 400, now + 5600, true},
                    {"sluice 0 78 1", holder(78), 3, 0, now - 30'000, now - 12'000, now - 6000, false}};
  record.shards = {{"p/s/0-of-3", 3, 0, 4, holder(77), true, now - 50'000, now + 5100, now / 1000 - 2},
                   {"p/s/2-of-3", 3, 2, 9, holder(78), false, now - 50'000, now - 900, now / 1000 - 90}};
  return record;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(ClusterView, TellsMembersAndPartitions) {
  EXPECT_EQ(cluster_text("p/s", record()),
            "p/s: 3 partitions, 1 live member\n"
            "  MEMBER         HOST              HTTP  SINCE                 LAST SEEN         HOLDS\n"
            "  sluice 0 77 1  db1 (process 77)  9464  2023-11-14 22:12:20Z  0.4 s ago         1\n"
            "  sluice 0 78 1  db1 (process 78)  -     2023-11-14 22:12:50Z  12.0 s ago, gone  0\n"
            "  PARTITION  HOLDER            EPOCH  SINCE                 BEHIND  LEASE LEFT\n"
            "  0 of 3     db1 (process 77)  4      2023-11-14 22:12:30Z  2 s     5.1 s\n"
            "  1 of 3     nobody            0      -                     -       -\n"
            "  2 of 3     nobody            9      -                     90 s    -\n");
}

TEST(ClusterView, SaysWhyAMemberOfAnotherNumberOfPartitionsWaits) {
  checkpoint::ClusterRecord some = record();
  some.members[1].live = true;
  some.members[1].partitions = 5;
  const std::string why =
      "p/s/0-of-3 is held by db1 (process 77): the stream is divided into 3 parts, and this instance has "
      "--partitions 5; waiting until all that hold them stop or their leases expire";
  EXPECT_TRUE(has(cluster_text("p/s", some), "\n  db1 (process 78) waits: " + why + "\n"))
      << cluster_text("p/s", some);
  EXPECT_TRUE(has(cluster_json("p/s", some), "\"waitsFor\":\"" + why + "\""));
  some.members[1].partitions = 3;
  some.members[1].options_hash = "other";
  EXPECT_TRUE(has(cluster_text("p/s", some),
                  "(process 78) waits: p/s/0-of-3 is held by db1 (process 77), which runs other rules;"));
  some.members[1].live = false;
  EXPECT_FALSE(has(cluster_text("p/s", some), "waits")) << "the gone wait for nothing";
}

TEST(ClusterView, KeepsColumnsInPlaceWhateverTheNames) {
  checkpoint::ClusterRecord some = record();
  some.members[0].holder.host = "größe";
  const std::string text = cluster_text("p/s", some);
  EXPECT_TRUE(has(text, "größe (process 77)  9464")) << text;
  EXPECT_TRUE(has(text, "db1 (process 78)    -")) << text;
}

TEST(ClusterView, NamesRulesThatAreNotBackfilled) {
  checkpoint::ClusterRecord some = record();
  some.not_backfilled = {"likes"};
  const std::string text = cluster_text("p/s", some, "w.yaml");
  EXPECT_TRUE(has(text, "\n  rule likes is not backfilled: ")) << text;
  EXPECT_TRUE(has(text, "sluice verify w.yaml --repair --rule likes\n")) << text;
  EXPECT_TRUE(has(cluster_json("p/s", some), R"("notBackfilled":["likes"])"));
}

TEST(ClusterView, TellsWhichServersALiveMemberWaitsFor) {
  checkpoint::ClusterRecord degraded = record();
  degraded.members[0].outlets_down = {"http://h", "nats://n:4222"};
  degraded.members[1].outlets_down = {"nats://n:4222"};
  const std::string text = cluster_text("p/s", degraded, "w.yaml");
  EXPECT_TRUE(has(text, "\n  db1 (process 77) is degraded, down: http://h, nats://n:4222\n")) << text;
  EXPECT_FALSE(has(text, "(process 78) is degraded")) << "it is gone\n" << text;
  EXPECT_TRUE(has(cluster_json("p/s", degraded), R"("outletsDown":["http://h","nats://n:4222"]})"));
}

TEST(ClusterView, ShowsNoControlCharactersOfAMember) {
  checkpoint::ClusterRecord forged = record();
  forged.members[0].holder.host = "db1\x1b[2J\n  forged";
  const std::string text = cluster_text("p/s", forged);
  EXPECT_TRUE(has(text, "db1\\x1b[2J\\n  forged (process 77)")) << text;
  EXPECT_FALSE(has(text, "\x1b")) << text;
}

TEST(ClusterView, TellsTheSameAsJson) {
  const std::string json = cluster_json("p/s", record());
  for (const char* part :
       {R"({"stream":"p/s","count":3,"members":[{"instance":"sluice 0 77 1","host":"db1","pid":77,)"
        R"("httpPort":9464,"partitions":3,"live":true,"since":"2023-11-14 22:12:20Z","lastSeenMs":400,)"
        R"("holds":1,"outletsDown":[]},)",
        R"("partitions":[{"index":0,"epoch":4,"held":true,"holder":{"instance":"sluice 0 77 1","host":"db1",)"
        R"("pid":77},"since":"2023-11-14 22:12:30Z","leaseLeftMs":5100,"behindSeconds":2},)"
        R"({"index":1,"epoch":0,"held":false},{"index":2,"epoch":9,"held":false,"behindSeconds":90}]})"}) {
    EXPECT_TRUE(has(json, part)) << part << "\nin " << json;
  }
}

TEST(ClusterView, SaysWhereNothingHasRun) {
  EXPECT_EQ(cluster_text("p/s", {}), "p/s: has never run here\n");
}

}  // namespace
}  // namespace sluice::cli
