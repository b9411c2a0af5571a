#include <condition_variable>
#include <csignal>
#include <cstdlib>
#include <mutex>
#include <random>
#include <thread>

#include "support/kafka_fixture.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

/// A consumer's view while the broker and workers fail: nothing lost, each document's changes in order.
class KafkaFaults : public KafkaTest {
 protected:
  static constexpr int documents = 100;

  /// A broker of the test's own, so that it can be hurt.
  KafkaServer& kafka() override {
    if (!own_) {
      own_ = std::make_unique<KafkaServer>(KafkaServer::Options{.behind_proxy = true});
      own_->wait();
    }
    return *own_;
  }
  std::vector<std::string> flags() const {
    return {"--batch-docs", "50", "--kafka-ack-ms", "1000", "--lease-ms", "2000"};
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
  std::unique_ptr<KafkaServer> own_;
};

/// The broker is killed and restarted again and again in a storm. SLUICE_KAFKA_KILLS says how often.
TEST_F(KafkaFaults, TheBrokerKilledInAStorm) {
  const char* stated = std::getenv("SLUICE_KAFKA_KILLS");
  const int kills = stated == nullptr ? 8 : std::atoi(stated);
  consumer().create_topic(topic(), 4);
  start_kafka(kafka_file(), flags()).ready();
  write_numbers(documents, 1);
  {
    const std::jthread storm = writer();
    for (int kill = 0; kill < kills; ++kill) {
      EXPECT_TRUE(goes_on(500)) << "after kill " << kill;
      kafka().kill9();
      kafka().restart();
    }
  }
  EXPECT_TRUE(told_in_order()) << kills << " kills";
  EXPECT_EQ(metric("sluice_events_dead_total"), 0);
  terminate_all();
}

TEST_F(KafkaFaults, ABrokerThatIsGoneIsTold) {
  consumer().create_topic(topic(), 2);
  start_kafka(kafka_file(), flags()).ready();
  write_numbers(documents, 1);
  ASSERT_TRUE(told_in_order());
  kafka().kill9();
  write_rounds(3);
  EXPECT_TRUE(waits_for("kafka://" + kafka().brokers())) << worker().get("/readyz").body;
  EXPECT_EQ(metric("sluice_outlet_up"), 0);
  kafka().restart();
  EXPECT_TRUE(told_in_order());
  EXPECT_TRUE(soon([&] { return metric("sluice_outlet_up") == 1; }));
  EXPECT_TRUE(worker().logs("is up again"));
}

/// Requests that the broker has not answered are sent again, and it drops what it has already.
TEST_F(KafkaFaults, ABrokerThatHangs) {
  consumer().create_topic(topic(), 2);
  start_kafka(kafka_file({}, {}, "kafka: { properties: { socket.timeout.ms: 2000 } }\n"), flags()).ready();
  write_numbers(documents, 1);
  ASSERT_TRUE(told_in_order());
  kafka().stop();
  write_rounds(3);
  EXPECT_TRUE(waits_for("does not acknowledge")) << worker().get("/readyz").body;
  kafka().cont();
  EXPECT_TRUE(told_in_order());
}

TEST_F(KafkaFaults, ANetworkThatIsCutAndStalls) {
  consumer().create_topic(topic(), 4);
  start_kafka(kafka_file({}, {}, "kafka: { properties: { socket.timeout.ms: 2000 } }\n"), flags()).ready();
  write_numbers(documents, 1);
  {
    const std::jthread storm = writer();
    for (int round = 0; round < 5; ++round) {
      EXPECT_TRUE(goes_on(500)) << "round " << round;
      kafka().network().cut();
      EXPECT_TRUE(waits_for("kafka://")) << worker().get("/readyz").body;
      kafka().network().heal();
      EXPECT_TRUE(goes_on(500)) << "round " << round;
      kafka().network().stall();
      EXPECT_TRUE(waits_for("kafka://")) << worker().get("/readyz").body;
      kafka().network().heal();
    }
  }
  EXPECT_TRUE(told_in_order());
  terminate_all();
}

TEST_F(KafkaFaults, WorkersKilledAgainAndAgain) {
  consumer().create_topic(topic(), 2);
  const std::string file = kafka_file();
  start_kafka(file, flags()).ready();
  write_numbers(documents, 2);
  for (int kill = 0; kill < 4; ++kill) {
    const double before = metric("sluice_events_published_total");
    write_rounds(5);
    ASSERT_TRUE(soon([&] { return metric("sluice_events_published_total") > before; }));
    worker(workers() - 1).kill9();
    worker(workers() - 1).wait();
    forget_workers();
    start_kafka(file, flags()).ready();
  }
  EXPECT_TRUE(told_in_order(100'000)) << "what was sent last may be sent again";
}

/// The limit of a drain counts, and not that of an acknowledgement.
TEST_F(KafkaFaults, AStopWaitsForNoAcknowledgement) {
  consumer().create_topic(topic(), 2);
  const std::string file = kafka_file();
  start_kafka(file, {"--drain-ms", "300", "--kafka-ack-ms", "600000"}).ready();
  kafka().stop();
  write_numbers(3, 1);
  ASSERT_TRUE(soon([&] { return metric("sluice_events_in_flight") == 6; }));
  EXPECT_EQ(worker().terminate(), 0);
  const std::string said = worker().err();
  EXPECT_NE(said.find("the position is stored"), std::string::npos) << said;
  EXPECT_EQ(said.find("did not finish in time"), std::string::npos) << said;
  forget_workers();
  kafka().cont();
  start_kafka(file, flags()).ready();
  EXPECT_TRUE(told_in_order(6));
}

/// Three brokers, each with a replica of every partition.
class KafkaClusterFaults : public KafkaFaults {
 protected:
  KafkaCluster& cluster() {
    if (!cluster_) cluster_ = std::make_unique<KafkaCluster>();
    return *cluster_;
  }
  std::string brokers() override { return cluster().brokers(); }

 private:
  std::unique_ptr<KafkaCluster> cluster_;
};

/// Partitions move to other leaders, and nobody has to wait long.
TEST_F(KafkaClusterFaults, OneOfThreeBrokersIsLost) {
  consumer().create_topic(topic(), 6, {{"min.insync.replicas", "2"}}, 3);
  start_kafka(kafka_file(), flags()).ready();
  write_numbers(documents, 1);
  {
    const std::jthread storm = writer();
    for (std::size_t lost = 0; lost < 3; ++lost) {
      EXPECT_TRUE(goes_on(500)) << "before " << lost;
      cluster().server(lost).kill9();
      EXPECT_TRUE(goes_on(2000)) << "without " << lost;
      cluster().server(lost).restart();
    }
  }
  EXPECT_TRUE(told_in_order());
  EXPECT_EQ(metric("sluice_events_dead_total"), 0);
  terminate_all();
}

/// With one broker of three no message is acknowledged, and none is lost.
TEST_F(KafkaClusterFaults, TwoOfThreeBrokersAreLost) {
  consumer().create_topic(topic(), 6, {{"min.insync.replicas", "2"}}, 3);
  start_kafka(kafka_file(), flags()).ready();
  write_numbers(documents, 2);
  ASSERT_TRUE(told_in_order());
  cluster().server(0).kill9();
  cluster().server(1).kill9();
  write_rounds(3);
  EXPECT_TRUE(waits_for("does not acknowledge")) << worker().get("/readyz").body;
  cluster().server(0).restart();
  cluster().server(1).restart();
  EXPECT_TRUE(told_in_order());
}

}  // namespace
}  // namespace sluice::test
