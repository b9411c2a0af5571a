#include <cstdlib>
#include <thread>

#include "support/kafka_faults.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

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

/// The brokers take one that hangs for dead, and others lead its partitions. It wakes up as a leader that is
/// none any more.
TEST_F(KafkaClusterFaults, LeadersThatHangAreReplaced) {
  consumer().create_topic(topic(), 6, {{"min.insync.replicas", "2"}}, 3);
  start_kafka(kafka_file({}, {}, "kafka: { properties: { socket.timeout.ms: 2000 } }\n"), flags()).ready();
  write_numbers(documents, 1);
  {
    const std::jthread storm = writer();
    for (std::size_t hanging = 0; hanging < 3; ++hanging) {
      EXPECT_TRUE(goes_on(500)) << "before " << hanging;
      cluster().server(hanging).stop();
      EXPECT_TRUE(goes_on(2000)) << "without " << hanging;
      cluster().server(hanging).cont();
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
