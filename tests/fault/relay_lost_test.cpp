#include "support/history_lost.hpp"
#include "support/nats_server.hpp"
#include "support/storm_thread.hpp"
#include "workbench/nats.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

/// Nobody has written the relay for longer than the oplog reaches back.
class RelayGap : public HistoryLost {
 protected:
  static constexpr int partitions = 3;

  Worker& start_relayed(const std::string& policy = "fail") {
    return start_member(realworld_file(), partitions,
                        {"--relay-stream", relay_, "--relay-partitions", std::to_string(partitions),
                         "--nats-url", nats_.url(), "--lease-ms", "3000", "--on-lost", policy});
  }
  Worker& start_before() override { return start_relayed(); }

  /// How many records of the log end it before a gap: one for each partition.
  int marks() {
    int count = 0;
    for (const auto& message : workbench::Nats(nats_.url()).read(relay_))
      count += message.data.find(std::string("\x08gap\0\x01", 6)) != std::string::npos ? 1 : 0;
    return count;
  }

  NatsServer nats_;
  const std::string relay_ = db().database() + "_relay";
};

TEST_F(RelayGap, IsMarkedAndEndsEveryPartitionAsThePolicyFailSays) {
  lose_history(partitions);
  EXPECT_EQ(marks(), 0);
  Worker& worker = start_relayed();
  EXPECT_EQ(worker.wait(60s), 4) << worker.story();
  EXPECT_NE(worker.err().find("can no longer be read from MongoDB"), std::string::npos) << worker.err();
  EXPECT_NE(worker.err().find("no longer holds what follows the position"), std::string::npos)
      << worker.err();
  EXPECT_NE(worker.err().find("--on-lost rebuild"), std::string::npos) << worker.err();
  EXPECT_EQ(marks(), partitions);
}

TEST_F(RelayGap, IsPassedOverWithRestartNow) {
  lose_history(partitions);
  start_relayed("restart-now").ready();
  ASSERT_TRUE(recovered("restart-now"));
  EXPECT_TRUE(soon([&] {
    return metric("sluice_position_lost_total", "policy=\"restart-now\"") >= partitions;
  })) << worker().story();
  EXPECT_TRUE(settled(partitions));
  db().insert("articles", R"({"_id":"new"})");
  db().insert("favorites", R"({"_id":"new","articleId":"new"})");
  EXPECT_TRUE(becomes("articles", R"("new")", R"({"_id":"new","favoritesCount":1})"));
}

TEST_F(RelayGap, IsMadeGoodByARebuildWhileApplicationsWrite) {
  lose_history(partitions);
  storm_.first_new = 500000000;
  StormThread storm(server().patient_uri(), db().database(), storm_);
  start_relayed("rebuild").ready();
  EXPECT_TRUE(recovered("rebuild"));
  const auto report = storm.finish();
  EXPECT_EQ(report.failed, 0) << report.first_failure;
  EXPECT_TRUE(exact(partitions)) << "SLUICE_SEED=" << random_seed();
}

}  // namespace
}  // namespace sluice::test
