#include <csignal>
#include <cstdlib>
#include <random>
#include <thread>

#include "support/rabbit_fixture.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

/// A consumer's view while broker, network and workers fail: nothing lost, each document's changes in order.
class RabbitFaults : public RabbitTest {
 protected:
  static constexpr int documents = 100;

  /// A broker of the test's own, so that it can be hurt.
  RabbitServer& rabbitmq() override {
    if (!own_) own_ = std::make_unique<RabbitServer>(RabbitServer::Options{.behind_proxy = true});
    return *own_;
  }
  static std::vector<std::string> flags() {
    return {"--batch-docs",           "50", "--rabbitmq-ack-ms", "1000",
            "--rabbitmq-heartbeat-s", "1",  "--lease-ms",        "2000"};
  }
  void write_rounds(int rounds) {
    for (int i = 0; i < rounds; ++i) db().update_many("items", "{}", R"({"$inc":{"n":1}})");
  }
  /// Somebody who writes new numbers until the object is destroyed.
  std::jthread writer() {
    return std::jthread([this](const std::stop_token& stop) {
      Mongo mine(server().uri(), db().database());
      std::mt19937_64 random(random_seed());
      while (!stop.stop_requested()) {
        const std::string residue = std::to_string(random() % 7);
        mine.update_many("items", R"({"_id":{"$mod":[7,)" + residue + "]}}", R"({"$inc":{"n":1}})");
      }
    });
  }
  testing::AssertionResult goes_on(double messages) {
    const double target = metric("sluice_events_published_total") + messages;
    if (soon([&] { return metric("sluice_events_published_total") >= target; }, 60s))
      return testing::AssertionSuccess();
    return testing::AssertionFailure() << worker().story();
  }
  bool waits_for(const std::string& why) {
    return soon([&] {
      const auto readiness = worker().get("/readyz");
      return readiness.status == 200 && readiness.body.find("\"degraded\"") != std::string::npos &&
             readiness.body.find(why) != std::string::npos;
    });
  }

 private:
  std::unique_ptr<RabbitServer> own_;
};

/// The broker is killed and restarted again and again in a storm. SLUICE_RABBITMQ_KILLS says how often.
TEST_F(RabbitFaults, TheBrokerKilledInAStorm) {
  const char* stated = std::getenv("SLUICE_RABBITMQ_KILLS");
  const int kills = stated == nullptr ? 6 : std::atoi(stated);
  declare();
  start_rabbit(rabbit_file(), flags()).ready();
  write_numbers(documents, 1);
  {
    const std::jthread storm = writer();
    for (int kill = 0; kill < kills; ++kill) {
      EXPECT_TRUE(goes_on(500)) << "after kill " << kill;
      rabbitmq().kill9();
      rabbitmq().restart();
    }
  }
  EXPECT_TRUE(told_in_order(1'000'000)) << kills << " kills";
  EXPECT_EQ(metric("sluice_events_dead_total"), 0);
  terminate_all();
}

TEST_F(RabbitFaults, ABrokerThatIsGoneIsTold) {
  declare();
  start_rabbit(rabbit_file(), flags()).ready();
  write_numbers(documents, 1);
  ASSERT_TRUE(told_in_order());
  rabbitmq().kill9();
  write_rounds(3);
  EXPECT_TRUE(waits_for("amqp://")) << worker().get("/readyz").body;
  EXPECT_EQ(metric("sluice_outlet_up"), 0);
  rabbitmq().restart();
  EXPECT_TRUE(told_in_order(1'000));
  EXPECT_TRUE(soon([&] { return metric("sluice_outlet_up") == 1; }));
  EXPECT_TRUE(worker().logs("is up again"));
}

/// Nothing answers, and no heartbeat comes.
TEST_F(RabbitFaults, ABrokerThatHangs) {
  declare();
  start_rabbit(rabbit_file(), flags()).ready();
  write_numbers(documents, 1);
  ASSERT_TRUE(told_in_order());
  rabbitmq().stop();
  write_rounds(3);
  EXPECT_TRUE(waits_for("amqp://")) << worker().get("/readyz").body;
  rabbitmq().cont();
  EXPECT_TRUE(told_in_order(1'000));
}

TEST_F(RabbitFaults, ANetworkThatIsCutStallsAndForgets) {
  declare();
  start_rabbit(rabbit_file(), flags()).ready();
  write_numbers(documents, 1);
  {
    const std::jthread storm = writer();
    for (int round = 0; round < 4; ++round) {
      EXPECT_TRUE(goes_on(500)) << "round " << round;
      rabbitmq().network().cut();
      EXPECT_TRUE(waits_for("amqp://")) << worker().get("/readyz").body;
      rabbitmq().network().heal();
      EXPECT_TRUE(goes_on(500)) << "round " << round;
      rabbitmq().network().stall();
      EXPECT_TRUE(waits_for("amqp://")) << worker().get("/readyz").body;
      rabbitmq().network().heal();
      EXPECT_TRUE(goes_on(500)) << "round " << round;
      rabbitmq().network().forget_connections();
    }
    EXPECT_TRUE(goes_on(500));
  }
  EXPECT_TRUE(told_in_order(1'000'000));
  EXPECT_EQ(metric("sluice_events_dead_total"), 0);
  terminate_all();
}

/// With a memory alarm the broker reads no more from publishers. Nothing is sent twice when it ends.
TEST_F(RabbitFaults, AMemoryAlarmIsWaitedFor) {
  declare();
  start_rabbit(rabbit_file(), flags()).ready();
  write_numbers(documents, 1);
  ASSERT_TRUE(told_in_order());
  rabbitmq().control({"set_vm_memory_high_watermark", "0"});
  // The broker blocks a connection when the next message arrives.
  write_rounds(5);
  EXPECT_TRUE(waits_for("takes no messages (low on memory)")) << worker().get("/readyz").body;
  EXPECT_EQ(metric("sluice_outlet_up"), 0);
  write_rounds(5);
  rabbitmq().control({"set_vm_memory_high_watermark", "0.4"});
  EXPECT_TRUE(told_in_order());
  EXPECT_TRUE(soon([&] { return metric("sluice_outlet_up") == 1; }));
  EXPECT_EQ(metric("sluice_events_dead_total"), 0);
}

TEST_F(RabbitFaults, AFullQueueInAStorm) {
  declare({{"x-max-length", std::int64_t{200}}, {"x-overflow", "reject-publish"}});
  start_rabbit(rabbit_file(), flags()).ready();
  write_numbers(documents, 1);
  {
    const std::jthread storm = writer();
    for (int round = 0; round < 30; ++round) {
      EXPECT_TRUE(soon([&] { return metric("sluice_outlet_up") == 0; }, 60s)) << worker().story();
      messages();
    }
  }
  EXPECT_TRUE(told_in_order(1'000'000));
  EXPECT_EQ(metric("sluice_events_dead_total"), 0);
}

TEST_F(RabbitFaults, WorkersKilledAgainAndAgain) {
  declare();
  const std::string file = rabbit_file();
  start_rabbit(file, flags()).ready();
  write_numbers(documents, 2);
  for (int kill = 0; kill < 4; ++kill) {
    write_rounds(5);
    const double before = metric("sluice_events_published_total");
    ASSERT_TRUE(soon([&] { return metric("sluice_events_published_total") > before; }));
    worker(workers() - 1).kill9();
    worker(workers() - 1).wait();
    forget_workers();
    start_rabbit(file, flags()).ready();
  }
  EXPECT_TRUE(told_in_order(100'000)) << "what was sent last may be sent again";
}

/// The limit of a drain counts, and not that of a confirmation.
TEST_F(RabbitFaults, AStopWaitsForNoConfirmation) {
  declare();
  const std::string file = rabbit_file();
  start_rabbit(file, {"--drain-ms", "300", "--rabbitmq-ack-ms", "600000"}).ready();
  rabbitmq().stop();
  write_numbers(3, 1);
  ASSERT_TRUE(soon([&] { return metric("sluice_events_in_flight") == 6; }));
  EXPECT_EQ(worker().terminate(), 0);
  const std::string said = worker().err();
  EXPECT_NE(said.find("the position is stored"), std::string::npos) << said;
  EXPECT_EQ(said.find("did not finish in time"), std::string::npos) << said;
  forget_workers();
  rabbitmq().cont();
  start_rabbit(file, flags()).ready();
  EXPECT_TRUE(told_in_order(6));
}

}  // namespace
}  // namespace sluice::test
