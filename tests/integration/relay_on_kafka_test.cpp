#include <csignal>
#include <cstring>
#include <sstream>

#include "support/cluster_fixture.hpp"
#include "support/kafka_fixture.hpp"
#include "support/skipping.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

/// What concerns a relay's topic. tests/integration/relay_test.cpp has what is the same in JetStream.
class RelayOnKafka : public ClusterTest {
 protected:
  static constexpr int partitions = 4;

  RelayOnKafka() : topic_(db().database() + "_relay") {}

  void SetUp() override { skip_if(why_no_kafka()); }

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

/// So are a log's last records when a writer ends in the midst of an event.
class RelayInParts : public RelayOnKafka, public testing::WithParamInterface<std::pair<int, int>> {
 protected:
  void TearDown() override { kafka().delete_topic(topic_); }  // the other sizes' has the same name

  static std::string setting(int bytes) { return std::to_string(bytes); }
  bool is_part_of_event(const KafkaMessage& message) const {
    return message.headers.at("Sluice-Message-Id").starts_with(event_ + "/");
  }

  /// What is in the log up to the third part of the event, and in all other partitions.
  std::vector<KafkaMessage> cut_in_the_event() {
    std::vector<KafkaMessage> kept;
    int parts = 0;
    int partition = -1;
    for (const KafkaMessage& message : kafka().read(topic_)) {
      const std::string& header = message.headers.at("Sluice-Relay");
      if (event_.empty() && std::stoi(header.substr(header.rfind(' '))) > 1) {
        const std::string& id = message.headers.at("Sluice-Message-Id");
        event_ = id.substr(0, id.find('/'));
        partition = message.partition;
      }
      if (!event_.empty() && is_part_of_event(message)) ++parts;
      if (message.partition != partition || parts <= 3) kept.push_back(message);
      if (parts == 3) parts = 4;  // nothing follows in this partition
    }
    return kept;
  }
  /// Whether a reader, which begins again at each first part, gets the event whole.
  bool holds_event() {
    std::string body;
    bool whole = false;
    for (const KafkaMessage& message : kafka().read(topic_)) {
      if (!is_part_of_event(message)) continue;
      std::istringstream header(message.headers.at("Sluice-Relay"));
      std::string version;
      std::uint64_t previous = 0;
      int part = 0;
      int parts = 0;
      header >> version >> previous >> part >> parts;
      if (part == 0) body.clear();
      body += *message.value;
      if (part + 1 < parts) continue;
      std::uint32_t size = 0;
      std::memcpy(&size, body.data(), sizeof size);
      whole = size == body.size();
    }
    return whole;
  }

  std::string event_;  ///< its token
};

INSTANTIATE_TEST_SUITE_P(OfSizes, RelayInParts,
                         testing::Values(std::pair(100'000, 300'000), std::pair(300'000, 100'000)));

TEST_P(RelayInParts, AnEventIsNeverOfPartsOfTwoSizes) {
  const auto [before, after] = GetParam();
  kafka().create_topic(topic_, partitions, {{"max.message.bytes", setting(before)}});
  join(partitions, relayed()).ready();
  seed();
  ASSERT_TRUE(exact(partitions));
  terminate_all();
  nobody_is_member();
  const auto shards = state().find("shards");
  const auto lanes = state().find("lanes");

  join(partitions, relayed()).ready();
  db().insert("articles", {Document(R"({"_id":"of-large","authorId":"large"})")});
  db().insert("users", {Document(R"({"_id":"large","username":"large","bio":")" + std::string(4 << 20, 'b') +
                                 R"("})")});
  ASSERT_TRUE(exact(partitions));
  terminate_all();
  nobody_is_member();

  const auto kept = cut_in_the_event();
  ASSERT_FALSE(event_.empty());
  kafka().delete_topic(topic_);
  kafka().create_topic(topic_, partitions);
  kafka().produce(topic_, kept);
  kafka().configure_topic(topic_, {{"max.message.bytes", setting(after)}});
  const auto restore = [this](const char* collection, const std::vector<Document>& documents) {
    for (const Document& one : documents)
      state().replace(collection, R"({"_id":")" + one.text("_id") + "\"}", one);
  };
  restore("shards", shards);
  restore("lanes", lanes);
  db().update("articles", R"({"_id":"of-large"})", R"({"$unset":{"authorUsername":1,"authorBio":1}})");

  Worker& last = join(partitions, relayed()).ready();
  EXPECT_TRUE(soon([&] { return holds_event(); })) << last.story();
  EXPECT_TRUE(exact(partitions)) << last.story();
  EXPECT_EQ(state().count("dead_letters"), 0);
}

/// Its partitions begin further on, which is no sign of a new topic.
TEST_F(RelayOnKafka, RecordsThatSomebodyDeletesMakeNoNewTopic) {
  for (int i = 0; i < 2; ++i) join(partitions, relayed());
  for (Worker* member : members()) member->ready();
  seed();
  for (int round = 0; round < 3; ++round) {
    realworld::storm(server().patient_uri(), db().database(), storm_);
    ASSERT_TRUE(exact(partitions)) << "SLUICE_SEED=" << random_seed();
    // Behind heartbeats that have been read, so that no partition loses its history.
    const std::int64_t before = kafka().count(topic_);
    ASSERT_TRUE(soon([&] {
      return kafka().count(topic_) >= before + partitions && metric("sluice_relay_unread_records") == 0;
    }));
    kafka().delete_records(topic_);
  }
  realworld::storm(server().patient_uri(), db().database(), storm_);
  EXPECT_TRUE(exact(partitions)) << "SLUICE_SEED=" << random_seed();
  for (Worker* member : members()) {
    EXPECT_EQ(member->err().find("was deleted and created again"), std::string::npos) << member->err();
  }
  EXPECT_EQ(state().count("dead_letters"), 0);
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
