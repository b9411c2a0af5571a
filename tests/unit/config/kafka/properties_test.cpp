#include "config/kafka/properties.hpp"

#include <gtest/gtest.h>

#include "unit/config/load_support.hpp"

namespace sluice::config {
namespace {

TEST(KafkaProperties, AreCheckedByLibrdkafka) {
  EXPECT_EQ(why_no_kafka_property("compression.type", "lz4"), "");
  EXPECT_EQ(why_no_kafka_property("linger.ms", "20"), "");
  for (const char* of_group : {"session.timeout.ms", "heartbeat.interval.ms"})
    EXPECT_EQ(why_no_kafka_property(of_group, "10000"), "") << "a relay's consumer group uses it";
  EXPECT_NE(why_no_kafka_property("session.timeout.ms", "soon").find("not valid"), std::string::npos);
  EXPECT_NE(why_no_kafka_property("compression.type", "rar").find("'compression.type: rar' is not valid"),
            std::string::npos);
  EXPECT_NE(why_no_kafka_property("linger.ms", "soon").find("not valid"), std::string::npos);
  EXPECT_NE(why_no_kafka_property("lingr.ms", "5").find("did you mean 'linger.ms'?"), std::string::npos);
}

TEST(KafkaProperties, WhatTheGuaranteesNeedCannotBeSet) {
  for (const char* name : {"acks", "request.required.acks", "enable.idempotence", "message.timeout.ms",
                           "max.in.flight.requests.per.connection", "retries", "transactional.id"}) {
    EXPECT_NE(why_no_kafka_property(name, "1").find("cannot be set"), std::string::npos) << name;
  }
  EXPECT_NE(why_no_kafka_property("bootstrap.servers", "h:1").find("kafka.brokers"), std::string::npos);
}

TEST(KafkaProperties, OfConsumersAndCallbacksAreRefused) {
  EXPECT_NE(why_no_kafka_property("group.id", "g").find("consumers"), std::string::npos)
      << why_no_kafka_property("group.id", "g");
  EXPECT_NE(why_no_kafka_property("dr_msg_cb", "x").find("by a text"), std::string::npos);
}

TEST(KafkaProperties, SecretsAreNotShown) {
  EXPECT_TRUE(is_secret_kafka_property("sasl.password"));
  EXPECT_TRUE(is_secret_kafka_property("ssl.key.password"));
  EXPECT_TRUE(is_secret_kafka_property("ssl.key.pem"));
  EXPECT_FALSE(is_secret_kafka_property("sasl.username"));
  const Loaded loaded = loaded_of(kSmall +
                                  "kafka: {brokers: 'a:1,[::1]:9092', user: u, password: hidden, properties: "
                                  "{ssl.key.password: hidden, linger.ms: 7}}\n");
  EXPECT_EQ(loaded.config.kafka.brokers, "a:1,[::1]:9092");
  EXPECT_EQ(loaded.config.kafka.properties.at("linger.ms"), "7");
  EXPECT_EQ(loaded.config.kafka.properties.at("ssl.key.password"), "hidden");
  EXPECT_EQ(listed(loaded, "kafka.properties.linger.ms").value, "7");
  EXPECT_EQ(listed(loaded, "kafka.properties.ssl.key.password").value, "***");
  EXPECT_EQ(effective_text(loaded.effective).find("hidden"), std::string::npos);
}

TEST(KafkaProperties, AreRefusedAtTheirPlaceInTheFile) {
  const std::string yaml = kSmall + "kafka:\n  properties:\n    linger.ms: 5\n    acks: 1\n    lingr: 2\n";
  const std::string why = refusal_of(yaml);
  EXPECT_NE(why.find("w.yaml:9:5: 'acks' cannot be set"), std::string::npos) << why;
  EXPECT_NE(why.find("w.yaml:10:5: librdkafka has no property 'lingr'"), std::string::npos) << why;
  EXPECT_NE(refusal_of(kSmall + "kafka: {brokers: 'kafka://h'}\n").find("host:port"), std::string::npos);
  EXPECT_NE(refusal_of(kSmall + "kafka: {password: p}\n").find("--kafka-password requires --kafka-user"),
            std::string::npos);
  EXPECT_NE(refusal_of(kSmall + "kafka: {positions: 'a b'}\n").find("the name of a Kafka topic"),
            std::string::npos);
}

}  // namespace
}  // namespace sluice::config
