#include <set>

#include "support/kafka_fixture.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

/// What a consumer with isolation.level=read_committed sees; that is librdkafka's default.
class KafkaExactlyOnce : public KafkaTest {
 protected:
  std::string positions() { return db().database() + ".positions"; }
  std::vector<std::string> flags(int lanes = 4) {
    return {"--kafka-exactly-once",
            "--kafka-positions",
            positions(),
            "--batch-docs",
            "20",
            "--lease-ms",
            "2000",
            "--accept-changed-rules",
            "--lanes",
            std::to_string(lanes)};
  }
  /// The newest records of the topic of positions, by their keys.
  std::map<std::string, Document> records() {
    std::map<std::string, Document> all;
    for (const KafkaMessage& message : consumer().read(positions()))
      all[message.key.value_or("")] = Document(message.value.value_or("{}"));
    return all;
  }
  /// Stores an earlier position, as after a restored backup of the state database.
  void set_back(const std::string& token) {
    state().update("shards", "{}", R"({"$set":{"token":)" + token + "}}");
  }
  std::string token() { return state().find_one("shards")->value("token"); }
  /// Waits until the topic has all numbers once, and then until the stream has passed everything.
  testing::AssertionResult told_once(std::size_t repetitions_allowed = 0) {
    if (auto told = told_in_order(repetitions_allowed); !told) return told;
    if (auto all = settled(); !all) return all;
    return told_in_order(repetitions_allowed);
  }
};

TEST_F(KafkaExactlyOnce, EachChangeIsAMessage) {
  start_kafka(kafka_file({"create: true", "partitions: 3"}), flags()).ready();
  write_numbers(100, 10);
  EXPECT_TRUE(told_once());
  EXPECT_EQ(metric("sluice_events_published_total"), 1100);
  terminate_all();
  std::size_t lanes = 0;
  for (const auto& [key, record] : records()) {
    EXPECT_GT(record.integer("epoch"), 0) << key;
    if (key.find("/lane-") == std::string::npos) continue;
    ++lanes;
    EXPECT_NE(record.text("position"), "") << key;
  }
  EXPECT_EQ(lanes, 4U);
}

/// The position in Kafka counts, and not the one in MongoDB.
TEST_F(KafkaExactlyOnce, WhatIsInKafkaIsNotSentAgainWhateverMongoDbSays) {
  const std::string file = kafka_file({"create: true", "partitions: 3"});
  start_kafka(file, flags()).ready();
  const std::string begin = token();
  write_numbers(50, 5);
  ASSERT_TRUE(told_once());
  terminate_all();
  set_back(begin);
  db().update_many("items", "{}", R"({"$inc":{"n":1}})");
  start_kafka(file, flags()).ready();
  EXPECT_TRUE(told_once());
  EXPECT_EQ(metric("sluice_events_published_total"), 350) << "all were read again";
}

/// Lanes of another number have other documents. What each lane of the old layout sent is still known.
TEST_F(KafkaExactlyOnce, AnotherNumberOfLanesSendsNothingAgain) {
  const std::string file = kafka_file({"create: true", "partitions: 3"});
  start_kafka(file, flags(4)).ready();
  const std::string begin = token();
  write_numbers(50, 3);
  ASSERT_TRUE(told_once());
  for (const int lanes : {3, 8, 4}) {
    terminate_all();
    set_back(begin);
    db().update_many("items", "{}", R"({"$inc":{"n":1}})");
    start_kafka(file, flags(lanes)).ready();
    ASSERT_TRUE(told_once()) << lanes << " lanes";
  }
  std::size_t closed = 0;
  for (const auto& [key, record] : records()) closed += record.boolean("closed") ? 1 : 0;
  EXPECT_EQ(closed, 11U) << "the lanes of 3 and of 8";
}

/// With another number of shards the server sends the hash of each document as long as it is needed.
TEST_F(KafkaExactlyOnce, AnotherNumberOfShardsSendsNothingAgain) {
  const std::string file = kafka_file({"create: true", "partitions: 3"});
  start_kafka(file, flags(2)).ready();
  write_numbers(50, 3);
  ASSERT_TRUE(told_once());
  for (const int count : {2, 3, 1}) {
    terminate_all();
    db().update_many("items", "{}", R"({"$inc":{"n":1}})");
    std::vector<std::string> all = flags(2);
    all.insert(all.end(), {"--kafka-brokers", brokers()});
    start_shards(file, count, all);
    ASSERT_TRUE(told_in_order()) << count << " shards";
    ASSERT_TRUE(settled(count));
    EXPECT_TRUE(told_in_order());
  }
}

/// A message that Kafka refuses is a dead letter, although its lane goes on behind it.
TEST_F(KafkaExactlyOnce, AMessageThatIsTooLargeIsADeadLetter) {
  consumer().create_topic(topic(), 1, {{"max.message.bytes", "20000"}});
  const std::string file = kafka_file();
  start_kafka(file, flags(1)).ready();
  const std::string begin = token();
  std::vector<Document> all;
  for (int i = 0; i < 60; ++i) {
    const std::string text = i == 59 ? std::string(50'000, 'x') : "small";
    all.emplace_back("{\"_id\":" + std::to_string(i) + ",\"n\":0,\"text\":\"" + text + "\"}");
  }
  db().insert("items", all);
  ASSERT_TRUE(holds(59)) << worker().story();
  ASSERT_TRUE(settled());
  EXPECT_EQ(messages().size(), 59U);
  EXPECT_EQ(state().count("dead_letters"), 1);
  // If the worker had been killed between the transactions of Kafka and MongoDB, there would be no letter
  // yet.
  terminate_all();
  state().remove_many("dead_letters", "{}");
  state().update_many("lanes", "{}", R"({"$set":{"token":{"_data":""}}})");
  set_back(begin);
  start_kafka(file, flags(1)).ready();
  ASSERT_TRUE(settled());
  EXPECT_EQ(state().count("dead_letters"), 1);
  EXPECT_EQ(messages().size(), 59U);
}

TEST_F(KafkaExactlyOnce, RulesForOtherServersAndSnapshotsGoOnBesideIt) {
  write_numbers(30, 2);
  start_kafka(kafka_file({"create: true"}, {"snapshot: first", "payload: document"}), flags()).ready();
  EXPECT_TRUE(soon([&] { return messages().size() >= 30; }));
  db().update_many("items", "{}", R"({"$inc":{"n":1}})");
  EXPECT_TRUE(soon([&] { return messages().size() >= 60; }));
  ASSERT_TRUE(settled());
  EXPECT_EQ(messages().size(), 60U);
}

/// What has become of the topic is lost, and what comes afterwards is published.
TEST_F(KafkaExactlyOnce, DeletedTopicsAreCreatedAnew) {
  start_kafka(kafka_file({"create: true"}), flags(2)).ready();
  db().insert("items", R"({"_id":1,"n":0})");
  ASSERT_TRUE(holds(1));
  ASSERT_TRUE(settled());
  consumer().delete_topic(topic());
  consumer().delete_topic(positions());
  std::vector<Document> more;
  for (int i = 100; i < 150; ++i) more.emplace_back("{\"_id\":" + std::to_string(i) + ",\"n\":0}");
  db().insert("items", more);
  ASSERT_TRUE(settled()) << worker().story();
  EXPECT_EQ(messages().size(), 50U);
  EXPECT_EQ(metric("sluice_events_dead_total"), 0);
}

}  // namespace
}  // namespace sluice::test
