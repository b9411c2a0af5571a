#include <cstdlib>
#include <memory>

#include "support/cluster_fixture.hpp"
#include "support/kafka_fixture.hpp"
#include "support/skipping.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

/// A relay whose topic has a replica on each of three brokers.
class RelayOnKafkaCluster : public ClusterTest {
 protected:
  static constexpr int partitions = 4;

  RelayOnKafkaCluster() : topic_(db().database() + "_relay") {}

  void SetUp() override {
    const std::string& why = why_no_kafka();
    skip_if(why);
    if (!why.empty()) return;
    brokers_ = std::make_unique<KafkaCluster>();
  }

  std::vector<std::string> relayed() const {
    return {"--relay-topic",    topic_, "--relay-partitions", std::to_string(partitions),
            "--relay-replicas", "3",    "--kafka-brokers",    brokers_->brokers(),
            "--kafka-ack-ms",   "2000", "--lease-ms",         "3000"};
  }
  std::vector<Kafka::Placement> placements() const {
    try {
      return Kafka(brokers_->brokers()).placements(topic_);
    } catch (const workbench::KafkaError&) {
      return {};
    }
  }
  bool all_in_sync() {
    return soon(
        [this] {
          const auto all = placements();
          const auto whole = [](const auto& one) { return one.leader >= 0 && one.in_sync == 3; };
          return all.size() == partitions && std::ranges::all_of(all, whole);
        },
        2min);
  }

  const std::string topic_;
  std::unique_ptr<KafkaCluster> brokers_;
};

TEST_F(RelayOnKafkaCluster, TheLeadersOfItsPartitionsAreKilledInAStorm) {
  for (int i = 0; i < 2; ++i) join(partitions, relayed());
  for (Worker* member : members()) member->ready();
  realworld::seed(db(), storm_.sizes);
  StormThread storm(server().patient_uri(), db().database(), storm_);
  for (std::size_t partition = 0; partition < 3; ++partition) {
    ASSERT_TRUE(all_in_sync()) << "partition " << partition;
    ASSERT_TRUE(go_on(200));
    KafkaServer& leader = brokers_->server(static_cast<std::size_t>(placements().at(partition).leader) - 1);
    leader.kill9();
    EXPECT_TRUE(go_on(500)) << "without the leader of partition " << partition;
    leader.restart();
  }
  ASSERT_TRUE(go_on(200));
  const auto report = storm.finish();
  EXPECT_EQ(report.failed, 0) << report.first_failure;
  EXPECT_TRUE(exact(partitions)) << "SLUICE_SEED=" << random_seed();
  EXPECT_EQ(state().count("dead_letters"), 0);
  for (Worker* member : members())
    EXPECT_EQ(member->err().find("was deleted and created again"), std::string::npos) << member->story();
}

}  // namespace
}  // namespace sluice::test
