#include "support/aws_fixture.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

/// Tests that stop moto, or cut the network to it.
class AwsFaults : public AwsTest {
 protected:
  void SetUp() override {
    AwsTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    own_ = std::make_unique<MotoServer>(true);
    own_->create_queue(queue());
  }
  MotoServer& moto() override { return *own_; }

  std::unique_ptr<MotoServer> own_;
};

/// Requests whose answers are lost were stored: the deduplication id keeps their repetitions out. Unlike AWS,
/// moto forgets the ids of messages that were deleted, so nothing is taken before the end; and it may store a
/// message twice whose first request it still handles, so some repetitions are allowed.
TEST_F(AwsFaults, TheNetworkIsCutAgainAndAgain) {
  start_aws(aws_file(), {"--batch-docs", "50"}).ready();
  write_numbers(20, 0);
  for (int round = 0; round < 8; ++round) {
    db().update_many("items", "{}", R"({"$inc":{"n":1}})");
    moto().network().cut();
    EXPECT_TRUE(waits_for("")) << worker().get("/readyz").body;
    moto().network().heal();
  }
  ASSERT_TRUE(settled()) << worker().story();
  EXPECT_TRUE(told_in_order(60));
  EXPECT_EQ(metric("sluice_events_dead_total"), 0);
}

TEST_F(AwsFaults, HealthNamesTheService) {
  start_aws(aws_file(), {"--http-health", "components"}).ready();
  const auto says = [&](const std::string& body) {
    return soon([&] { return worker().get("/healthz").body == body; });
  };
  EXPECT_TRUE(says(R"({"status":"UP","components":{"mongo":{"status":"UP"},"sqs":{"status":"UP"}}})"))
      << worker().get("/healthz").body;
  moto().network().cut();
  EXPECT_TRUE(says(R"({"status":"UP","components":{"mongo":{"status":"UP"},"sqs":{"status":"DOWN"}}})"))
      << worker().get("/healthz").body;
}

TEST_F(AwsFaults, AServiceThatHangsIsReportedAndWaitedFor) {
  start_aws(aws_file(), {"--aws-timeout-ms", "500"}).ready();
  write_numbers(20, 2);
  ASSERT_TRUE(told_in_order());
  moto().stop();
  db().update_many("items", "{}", R"({"$inc":{"n":1}})");
  EXPECT_TRUE(waits_for("")) << worker().get("/readyz").body;
  EXPECT_TRUE(soon([&] { return metric("sluice_outlet_up") == 0; }));
  moto().cont();
  EXPECT_TRUE(told_in_order());
  EXPECT_TRUE(soon([&] { return metric("sluice_outlet_up") == 1; }));
}

/// moto forgets its queues with kill -9, unlike AWS. What the worker had not been acknowledged comes after
/// the queue exists again, and nothing overtakes it.
TEST_F(AwsFaults, TheServiceIsKilledAndStartedAgain) {
  start_aws(aws_file(), {"--aws-timeout-ms", "1000"}).ready();
  write_numbers(20, 2);
  ASSERT_TRUE(told_in_order());
  for (int round = 0; round < 3; ++round) {
    moto().kill9();
    db().update_many("items", "{}", R"({"$inc":{"n":1}})");
    EXPECT_TRUE(waits_for("")) << worker().get("/readyz").body;
    moto().restart();
    EXPECT_TRUE(waits_for("QueueDoesNotExist")) << worker().get("/readyz").body;
    moto().create_queue(queue());
    EXPECT_TRUE(told_in_order());
  }
  EXPECT_EQ(metric("sluice_events_dead_total"), 0);
}

/// Workers that are killed in the middle of a batch send a part of it again. (For repetitions see above.)
TEST_F(AwsFaults, AKilledWorkerRepeatsUnderTheSameIds) {
  const std::string file = aws_file();
  Worker* worker = &start_aws(file, {"--batch-docs", "50"}).ready();
  write_numbers(20, 0);
  for (int round = 0; round < 4; ++round) {
    for (int i = 0; i < 3; ++i) db().update_many("items", "{}", R"({"$inc":{"n":1}})");
    worker->kill9();
    worker = &start_aws(file, {"--batch-docs", "50"}).ready();
  }
  ASSERT_TRUE(settled()) << worker->story();
  EXPECT_TRUE(told_in_order(60));
}

}  // namespace
}  // namespace sluice::test
