#include <csignal>

#include "support/cluster_fixture.hpp"
#include "support/kafka_fixture.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

/// What concerns a relay's topic. tests/integration/relay_test.cpp has what is the same in JetStream.
class RelayOnKafka : public ClusterTest {
 protected:
  static constexpr int partitions = 4;

  RelayOnKafka() : topic_(db().database() + "_relay") {}

  void SetUp() override {
    const std::string& why = why_no_kafka();
    if (why.empty()) return;
    if (std::getenv("CI") != nullptr) FAIL() << why;
    GTEST_SKIP() << why;
  }

  static Kafka kafka() { return Kafka(shared_kafka().brokers(), {{"isolation.level", "read_uncommitted"}}); }
  std::vector<std::string> relayed() const {
    return {"--relay-topic",  topic_, "--kafka-brokers",    shared_kafka().brokers(),  "--lease-ms", "3000",
            "--kafka-ack-ms", "2000", "--relay-partitions", std::to_string(partitions)};
  }
  void is_refused(const std::string& why) {
    Worker& member = join(partitions, relayed());
    EXPECT_GT(member.wait(60s), 0) << member.story();
    EXPECT_NE(member.err().find(why), std::string::npos) << member.err();
    EXPECT_EQ(member.out().find("__READY__"), std::string::npos) << member.out();
    std::vector<std::string> flags = relayed();
    flags.insert(flags.end(), {"--partitions", std::to_string(partitions)});
    const Outcome checked = run_sluice(here_run({"check", realworld_file(), "--online"}, flags));
    EXPECT_NE(checked.exit_code, 0);
    EXPECT_NE(checked.out.find(why), std::string::npos) << checked.out;
  }
  void seed() { realworld::seed(db(), storm_.sizes); }

  /// The topic is deleted and created again during a storm.
  void is_made_anew(const std::function<void()>& before, const std::function<void()>& after) {
    for (int i = 0; i < 2; ++i) join(partitions, relayed());
    for (Worker* member : members()) member->ready();
    seed();
    StormThread storm(server().patient_uri(), db().database(), storm_);
    ASSERT_TRUE(go_on(200));
    before();
    Kafka admin = kafka();
    admin.delete_topic(topic_);
    soon([&] {
      try {
        admin.create_topic(topic_, partitions);
        return true;
      } catch (const workbench::KafkaError&) {
        return admin.partitions(topic_) > 0;  // the old one is still there, or a worker was faster
      }
    });
    after();
    ASSERT_TRUE(go_on(200));
    const auto report = storm.finish();
    EXPECT_EQ(report.failed, 0) << report.first_failure;
    EXPECT_TRUE(exact(partitions)) << "SLUICE_SEED=" << random_seed();
    EXPECT_EQ(state().count("dead_letters"), 0);
  }

  const std::string topic_;
};

TEST_F(RelayOnKafka, ATopicWithAnotherNumberOfPartitionsIsRefused) {
  kafka().create_topic(topic_, 3);
  is_refused("has 3 partitions, but the relay has 4");
}

TEST_F(RelayOnKafka, ACompactedTopicIsRefused) {
  kafka().create_topic(topic_, partitions, {{"cleanup.policy", "compact"}});
  is_refused("is compacted");
}

TEST_F(RelayOnKafka, ATopicOfSomebodyElseIsRefused) {
  kafka().create_topic(topic_, partitions);
  KafkaMessage message;
  message.partition = 1;
  message.value = "something";
  message.headers = {{"a", "b"}};
  kafka().produce(topic_, {message});
  is_refused("was not written by Sluice");
}

TEST_F(RelayOnKafka, ATopicForSmallMessagesHoldsLargeEventsInParts) {
  kafka().create_topic(topic_, partitions, {{"max.message.bytes", "100000"}});
  join(partitions, relayed()).ready();
  seed();
  db().insert("users", {Document(R"({"_id":"large","username":"large","bio":")" + std::string(1 << 20, 'b') +
                                 R"("})")});
  db().insert("articles", {Document(R"({"_id":"of-large","authorId":"large"})")});
  EXPECT_TRUE(exact(partitions));
  bool parted = false;
  for (const KafkaMessage& message : kafka().read(topic_))
    parted |= message.headers.at("Sluice-Relay").ends_with(" 12");
  EXPECT_TRUE(parted);
}

TEST_F(RelayOnKafka, MessagesNameTheTopicAndTheCommandFindsIt) {
  std::vector<std::string> flags = relayed();
  flags.insert(flags.end(), {"--lanes", "1"});
  Worker& member = join(partitions, flags).ready();
  EXPECT_TRUE(member.logs("streaming " + db().database() + " from the relay's Kafka topic " + topic_ +
                          " (epoch 1, 1 lane)"))
      << member.story();
  const Outcome status = run_sluice(
      here_run({"cluster", "status", realworld_file()},
               {"--relay-topic", topic_, "--kafka-brokers", shared_kafka().brokers(), "--relay-partitions",
                std::to_string(partitions), "--partitions", std::to_string(partitions)}));
  EXPECT_EQ(status.exit_code, 0) << status.err;
  EXPECT_NE(status.out.find("relay " + topic_ + ": "), std::string::npos) << status.out;
}

TEST_F(RelayOnKafka, ATopicThatIsMadeAnewIsWrittenAnewFromMongoDB) {
  is_made_anew([] {}, [] {});
}

TEST_F(RelayOnKafka, SoIsOneThatWasMadeAnewWhileEverybodySlept) {
  is_made_anew(
      [this] {
        for (Worker* member : members()) member->signal(SIGSTOP);
      },
      [this] {
        for (Worker* member : members()) member->signal(SIGCONT);
      });
}

}  // namespace
}  // namespace sluice::test
