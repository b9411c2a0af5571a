#include "support/history_lost.hpp"
#include "support/relay_logs.hpp"
#include "support/skipping.hpp"
#include "support/storm_thread.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

/// Nobody has written the relay for longer than the oplog reaches back.
class RelayGap : public HistoryLost, public testing::WithParamInterface<const char*> {
 protected:
  static constexpr int partitions = 3;

  void SetUp() override {
    const std::string why = why_no_log_server(GetParam());
    skip_if(why);
    if (why.empty()) logs_ = make_log_server(GetParam());
  }
  Worker& start_relayed(const std::string& policy = "fail") {
    std::vector<std::string> flags = logs_->flags(relay_, partitions);
    flags.insert(flags.end(), {"--lease-ms", "3000", "--on-lost", policy});
    return start_member(realworld_file(), partitions, flags);
  }
  Worker& start_before() override { return start_relayed(); }

  /// How many records of the log end it before a gap: one for each partition.
  int marks() {
    int count = 0;
    for (const LogRecord& record : logs_->read(relay_))
      count += record.data.find(std::string("\x08gap\0\x01", 6)) != std::string::npos ? 1 : 0;
    return count;
  }

  std::unique_ptr<LogServer> logs_;
  const std::string relay_ = db().database() + "_relay";
};

INSTANTIATE_TEST_SUITE_P(By, RelayGap, testing::Values(jetstream, kafka),
                         [](const auto& info) { return std::string(info.param); });

TEST_P(RelayGap, IsMarkedAndEndsEveryPartitionAsThePolicyFailSays) {
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

TEST_P(RelayGap, IsPassedOverWithRestartNow) {
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

TEST_P(RelayGap, IsMadeGoodByARebuildWhileApplicationsWrite) {
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
