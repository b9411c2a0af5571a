#include "sinks/kafka/relay/topic.hpp"

#include <gtest/gtest.h>

namespace sluice::sinks::kafka {
namespace {

std::string setting(const TopicShape& shape, const std::string& name) {
  for (const auto& [key, value] : shape.config) {
    if (key == name) return value;
  }
  return "none";
}

TEST(KafkaRelayTopic, IsCreatedWithTheRetentionOfTheRelay) {
  const TopicShape shape = relay_topic_shape(
      {.stream = "", .topic = "t", .partitions = 4, .max_age_h = 2, .max_mb = 100, .replicas = 3});
  EXPECT_TRUE(shape.create);
  EXPECT_EQ(shape.partitions, 4);
  EXPECT_EQ(shape.replication, 3);
  EXPECT_EQ(setting(shape, "cleanup.policy"), "delete");
  EXPECT_EQ(setting(shape, "retention.ms"), "7200000");
  EXPECT_EQ(setting(shape, "retention.bytes"), "26214400") << "Kafka counts each partition's";
}

TEST(KafkaRelayTopic, IsKeptForEverOnRequest) {
  const TopicShape shape = relay_topic_shape({.stream = "", .topic = "t", .max_age_h = 0, .max_mb = 0});
  EXPECT_EQ(setting(shape, "retention.ms"), "-1");
  EXPECT_EQ(setting(shape, "retention.bytes"), "-1");
}

TEST(KafkaRelayTopic, OfAnotherKindIsRefused) {
  EXPECT_EQ(why_no_relay_log("t", 4, {4, {{"cleanup.policy", "delete"}, {"max.message.bytes", "1048588"}}}),
            "");
  EXPECT_EQ(why_no_relay_log("t", 4, {4, {}}), "") << "settings that the user may not read";
  EXPECT_EQ(why_no_relay_log("t", 4, {1, {}}),
            "the topic t has 1 partition, but the relay has 4; set 'relay.kafka.partitions' to the number of "
            "the topic, or "
            "use another topic, which Sluice creates");
  EXPECT_NE(why_no_relay_log("t", 4, {4, {{"cleanup.policy", "compact,delete"}}}).find("is compacted"),
            std::string::npos);
  EXPECT_EQ(why_no_relay_log("t", 4, {4, {{"max.message.bytes", "1000"}}}),
            "the topic t takes messages of 1000 bytes at most; set its max.message.bytes to 65536 or more");
}

TEST(KafkaRelayTopic, SaysHowLargeARecordMayBe) {
  const TopicFacts small{4, {{"max.message.bytes", "100000"}}};
  EXPECT_LT(most_record_bytes(small), most_batch_bytes(small));
  EXPECT_LT(most_batch_bytes(small), 100'000U);
  EXPECT_GT(most_record_bytes(small), 80'000U);
  const TopicFacts large{4, {{"max.message.bytes", "52428800"}}};
  EXPECT_EQ(most_record_bytes(large), most_record_bytes({4, {}}));
  EXPECT_LT(most_record_bytes(large), 1'000'000U);
}

}  // namespace
}  // namespace sluice::sinks::kafka
