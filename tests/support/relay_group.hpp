#pragma once

#include <chrono>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "support/cluster_fixture.hpp"
#include "support/kafka_fixture.hpp"
#include "support/skipping.hpp"

namespace sluice::test {

/// Members whose partitions a consumer group assigns. The broker's view of the group is compared with the
/// leases in MongoDB.
class RelayGroupTest : public ClusterTest {
 protected:
  static constexpr int partitions = 8;

  RelayGroupTest() : topic_(db().database() + "_relay") {}

  void SetUp() override { skip_if(why_no_kafka()); }

  std::vector<std::string> relayed() const {
    return {"--relay-topic",  topic_, "--kafka-brokers",    shared_kafka().brokers(),  "--lease-ms", "3000",
            "--kafka-ack-ms", "2000", "--relay-partitions", std::to_string(partitions)};
  }
  static Kafka::Group described(const std::string& group) {
    return Kafka(shared_kafka().brokers()).group(group);
  }
  /// What each holder of leases holds.
  std::multiset<std::set<int>> leased() {
    std::map<std::string, std::set<int>> by_holder;
    for (const Document& shard : state().find("shards")) {
      if (shard.integer("count") != partitions || !shard.has("holder")) continue;
      by_holder[shard.text("holder.instance")].insert(static_cast<int>(shard.integer("index")));
    }
    std::multiset<std::set<int>> all;
    for (auto& [holder, held] : by_holder) all.insert(std::move(held));
    return all;
  }
  /// What the group has assigned to each of its members that has something.
  static std::multiset<std::set<int>> assigned(const Kafka::Group& group) {
    std::multiset<std::set<int>> all;
    for (const std::set<int>& one : group.members) {
      if (!one.empty()) all.insert(one);
    }
    return all;
  }
  /// Whether the group has settled, has as many members as the cluster, and each of them holds the leases of
  /// the partitions that the group assigns to it.
  testing::AssertionResult agrees() {
    Kafka::Group group;
    const bool good = soon(
        [&] {
          try {
            group = described(topic_);
          } catch (const workbench::KafkaError&) {
            return false;
          }
          return group.state == "Stable" && group.members.size() == members().size() &&
                 assigned(group) == leased() && evenly_held(partitions);
        },
        std::chrono::minutes(1));
    if (good) return testing::AssertionSuccess();
    auto failure = testing::AssertionFailure() << "the group is " << group.state << " and assigns";
    for (const auto& one : group.members) failure << " " << testing::PrintToString(one);
    failure << "; leases:";
    for (const auto& one : leased()) failure << " " << testing::PrintToString(one);
    failure << "; held:";
    for (const Worker* member : members()) failure << " " << held(*member);
    return failure;
  }

  const std::string topic_;
};

}  // namespace sluice::test
