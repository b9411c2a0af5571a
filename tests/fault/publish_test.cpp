#include <array>
#include <csignal>
#include <memory>

#include "support/kafka_fixture.hpp"
#include "support/own_server.hpp"
#include "support/publishing.hpp"
#include "support/skipping.hpp"
#include "workbench/tcp_proxy.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

/// A nats-server of the test's own, so that it can be hurt.
struct OwnNats {
  NatsServer own_nats;
};

/// A consumer's view while workers and servers fail: nothing lost, each document's changes in order, nothing
/// repeated within the stream's duplicate window.
class PublishFaults : protected OwnNats, public PublishingTest {
 protected:
  PublishFaults() : PublishingTest(shared_server(), own_nats) {}

  static constexpr int documents = 100;

  std::vector<std::string> flags() const {
    return {"--batch-docs", "30", "--nats-ack-ms", "1000", "--lease-ms", "2000"};
  }
  /// Each of two members has a way to NATS of its own. Whose is cut leaves its partitions to the other, and
  /// takes its share again when it is mended; where nobody gets through, nothing moves.
  void stands_aside(const std::vector<std::string>& more) {
    const std::string file = publish_file();
    std::array<std::unique_ptr<workbench::TcpProxy>, 2> ways;
    for (auto& way : ways) {
      way = std::make_unique<workbench::TcpProxy>(own_nats.port());
      std::vector<std::string> own = flags();
      own.insert(own.end(), {"--nats-url", "nats://" + way->host()});
      own.insert(own.end(), more.begin(), more.end());
      start_member(file, 2, own).ready();
    }
    const auto held = [&](std::size_t i) {
      return worker(i).metrics().sum("sluice_cluster_partitions_held");
    };
    const auto becomes = [&](double first, double second) {
      return soon([&] { return held(0) == first && held(1) == second; });
    };
    ASSERT_TRUE(becomes(1, 1));
    write_numbers(documents, 2);
    ways[0]->cut();
    write_rounds(3);
    EXPECT_TRUE(becomes(0, 2)) << worker(0).story();
    ASSERT_TRUE(told_in_order());
    ways[0]->heal();
    EXPECT_TRUE(becomes(1, 1)) << worker(0).story();
    for (auto& way : ways) way->cut();
    write_rounds(3);
    for (std::size_t i : {0, 1}) {
      EXPECT_TRUE(soon([&] { return worker(i).get("/readyz").body.find("DEGRADED") != std::string::npos; }));
    }
    for (auto& way : ways) way->heal();
    EXPECT_TRUE(told_in_order());
    EXPECT_TRUE(becomes(1, 1));
    terminate_all();
  }
};

/// Full, and it refuses what is new: nothing is lost, and nothing is a dead letter.
TEST_F(PublishFaults, AFullStreamIsWaitedForUntilItIsPurged) {
  start_publishing(publish_file("      discard: new\n      max_messages: 250\n"), flags()).ready();
  write_numbers(documents, 4);
  EXPECT_TRUE(waits_for("the stream is full")) << worker().get("/readyz").body;
  ASSERT_TRUE(holds(250));
  std::int64_t taken = 0;
  EXPECT_TRUE(soon(
      [&] {
        taken += consumer().purge(stream());
        return taken >= documents * 5;
      },
      60s))
      << taken;
  ASSERT_TRUE(settled());
  EXPECT_EQ(metric("sluice_events_published_total"), documents * 5);
  EXPECT_EQ(metric("sluice_events_dead_total"), 0);
}

TEST_F(PublishFaults, AStreamThatIsDeletedIsMadeAnew) {
  start_publishing(publish_file(), flags()).ready();
  write_numbers(documents, 1);
  ASSERT_TRUE(told_in_order());
  consumer().remove(stream());
  db().insert("items", R"({"_id":"new","n":0})");
  EXPECT_TRUE(holds(1));
  EXPECT_EQ(messages().back().subject, stream() + ".items.insert.new");
}

/// A worker that has to begin from an older position tells of everything since once more.
class OldPositions : public PublishFaults {
 protected:
  void begin_from_before(const std::string& file, const std::function<void()>& meanwhile) {
    start_publishing(file, flags()).ready();
    write_numbers(documents, 1);
    ASSERT_TRUE(told_in_order());
    ASSERT_TRUE(settled());
    const auto before = state().find_one("shards");
    write_rounds(repeated_rounds);
    ASSERT_TRUE(told_in_order());
    worker().kill9();
    worker().wait();
    forget_workers();
    state().replace("shards", "{}", *before);
    meanwhile();
    start_publishing(file, flags()).ready();
    db().update_many("items", "{}", R"({"$inc":{"n":1}})");
  }

  static constexpr int repeated_rounds = 2;
  static constexpr std::size_t repeated = documents * repeated_rounds;
};

TEST_F(OldPositions, WithinTheWindowTheStreamDropsWhatItKnows) {
  begin_from_before(publish_file(), [] {});
  EXPECT_TRUE(told_in_order());
  EXPECT_EQ(metric("sluice_publish_duplicates_total"), static_cast<double>(repeated));
}

/// Nothing is lost all the same, and a consumer can tell by the ids what came twice.
TEST_F(OldPositions, BehindTheWindowItHoldsThemTwice) {
  begin_from_before(publish_file("      duplicate_window_s: 1\n"), [this] {
    consumer().publish(stream() + ".probe", "{}", "probe");
    ASSERT_TRUE(soon([&] { return !consumer().publish(stream() + ".probe", "{}", "probe"); }));
  });
  EXPECT_TRUE(told_in_order(repeated));
  EXPECT_TRUE(soon([&] { return sequences().repeated == repeated; })) << sequences().repeated;
}

TEST_F(PublishFaults, AMemberThatDoesNotReachNatsStandsAside) {
  stands_aside({});
}

/// It leaves the consumer group, and joins it again.
TEST_F(PublishFaults, SoDoesOneWhosePartitionsAConsumerGroupAssigns) {
  const std::string& why = why_no_kafka();
  skip_if(why);
  if (!why.empty()) return;
  stands_aside({"--relay-topic", db().database() + "_relay", "--relay-partitions", "2", "--kafka-brokers",
                shared_kafka().brokers()});
}

/// Servers that share a stream of three replicas, of which one may always be away.
struct OwnNatsCluster {
  NatsCluster own_nats;
};

class PublishToThree : protected OwnNatsCluster, public PublishingTest {
 protected:
  PublishToThree() : PublishingTest(shared_server(), own_nats.server(0)) {}

  /// A consumer cannot be made while the servers have no leader.
  bool can_be_read() {
    try {
      return !messages().empty();
    } catch (const workbench::NatsError&) {
      return false;
    }
  }

  /// Whether both replicas beside the leader have all that it has.
  bool all_current() {
    try {
      const Document info = consumer().api("STREAM.INFO." + stream());
      return info.value("cluster.replicas.0.current") == "true" &&
             info.value("cluster.replicas.1.current") == "true";
    } catch (const workbench::NatsError&) {
      return false;  // without a leader for a moment
    }
  }
};

TEST_F(PublishToThree, AStreamOfThreeReplicasOutlivesAServer) {
  start_publishing(publish_file("      replicas: 3\n"), {"--nats-ack-ms", "2000"}, own_nats.url()).ready();
  const Document made = consumer().api("STREAM.INFO." + stream());
  EXPECT_EQ(made.integer("config.num_replicas"), 3) << made.json();
  EXPECT_FALSE(made.text("cluster.replicas.1.name").empty()) << made.json();
  write_numbers(20, 5);
  std::int64_t count = 20 * 6;
  ASSERT_TRUE(holds(count));
  for (const std::size_t away : {std::size_t{1}, std::size_t{2}}) {
    own_nats.server(away).kill9();
    for (int i = 0; i < 5; ++i) db().update_many("items", "{}", R"({"$inc":{"n":1}})");
    ASSERT_TRUE(holds(count += 20 * 5)) << "one is away";
    own_nats.server(away).restart();
    ASSERT_TRUE(soon([&] { return all_current(); }, 60s));
  }
  ASSERT_TRUE(soon([&] { return can_be_read(); }, 60s));
  EXPECT_TRUE(told_in_order());
}

}  // namespace
}  // namespace sluice::test
