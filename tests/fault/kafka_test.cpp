#include <thread>

#include "support/kafka_faults.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

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
