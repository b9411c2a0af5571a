#include "config/addresses/server_lists.hpp"

#include <gtest/gtest.h>

#include "config/options/options.hpp"
#include "unit/config/load_support.hpp"

namespace sluice::config {
namespace {

const std::string port = " must be a whole number from 1 to 65535";

TEST(NatsUrls, AreServersWithPorts) {
  for (const char* urls :
       {"nats://h", "tls://h:4222", "nats://u:p@h:1, tls://token@[::1]:2", "nats://u:a/b?c@h:1"}) {
    EXPECT_EQ(why_no_nats_urls(urls), "") << urls;
  }
  for (const char* urls : {"", "h:4222", "nats://", "nats://h,", "nats://h,i:4222", "http://h"}) {
    EXPECT_NE(why_no_nats_urls(urls), "") << urls;
  }
  EXPECT_EQ(why_no_nats_urls("nats://u:a/b@h:x"), "the port 'x' of 'h'" + port);
  EXPECT_EQ(why_no_nats_urls("nats://h:1,nats://127.0.0.1:27o17"), "the port '27o17' of '127.0.0.1'" + port);
}

TEST(KafkaBrokers, AreHostsWithPorts) {
  for (const char* brokers : {"h:1", "h:1, i:2", "[::1]:9092"}) {
    EXPECT_EQ(why_no_kafka_brokers(brokers), "") << brokers;
  }
  EXPECT_EQ(why_no_kafka_brokers("k1:9092,k2:90o92"), "the port '90o92' of 'k2'" + port);
  EXPECT_EQ(why_no_kafka_brokers("k1:9092,k2"), "'k2' has no port");
  EXPECT_EQ(why_no_kafka_brokers(":9092"), "':9092' has no host");
  EXPECT_EQ(why_no_kafka_brokers("k1:1,"), "one of them is empty");
  EXPECT_EQ(why_no_kafka_brokers("ssl://k1:1"), "'ssl://k1:1' is not host:port");
  EXPECT_NE(why_no_kafka_brokers("u:p@k1:1").find("kafka.user"), std::string::npos);
}

/// Each message says where the value stands, what is allowed, and which port is wrong.
TEST(Addresses, WithABadPortAreRefusedAlike) {
  EXPECT_EQ(refusal_of(kSmall + "nats: { url: 'nats://127.0.0.1:27o17' }\n"),
            "w.yaml:6:9: 'nats.url' must be one or more of nats://host:port or tls://host:port, separated by "
            "commas, not 'nats://127.0.0.1:27o17': the port '27o17' of '127.0.0.1'" +
                port);
  EXPECT_EQ(refusal_of(kSmall + "kafka: { brokers: 'k1:90o92' }\n"),
            "w.yaml:6:10: 'kafka.brokers' must be one or more of host:port, separated by commas, not "
            "'k1:90o92': the port '90o92' of 'k1'" +
                port);
  EXPECT_EQ(refusal_of(kSmall + "aws: { endpoint: 'http://h:45o66' }\n"),
            "w.yaml:6:8: 'aws.endpoint' must be http://host:port or https://host:port, where only the host "
            "is required, not 'http://h:45o66': the port '45o66' of 'h'" +
                port);
  EXPECT_EQ(refusal_of(kSmall, {{"mongodb-uri", "mongodb://u:secret@h:1,i:27o17/"}}),
            "flag --mongodb-uri: must be mongodb://user:password@host:port/?replicaSet=name, not "
            "'mongodb://u:***@h:1,i:27o17/': the port '27o17' of 'i'" +
                port);
  const std::string of_stream = refusal_of(
      "pipeline: p\nstreams:\n  - {uri: 'mongodb://h:99999', database: d, rules: [{name: r, count: {}}]}\n");
  EXPECT_EQ(of_stream.find("w.yaml:3:6: 'mongodb.uri' must be"), 0U) << of_stream;
}

TEST(Addresses, ThatAreRefusedShowNoPassword) {
  for (const auto& [section, key, url] :
       {std::tuple("nats", "url", "nats://me:hidden"), std::tuple("aws", "endpoint", "http://me:hidden@h"),
        std::tuple("kafka", "brokers", "me:hidden@h:1"),
        std::tuple("mongodb", "uri", "mongodb://me:hidden")}) {
    const std::string said =
        refusal_of(std::string("pipeline: p\n") + section + ": { " + key + ": '" + url + "' }\n" + kRule);
    EXPECT_NE(said.find(std::string("'") + section + "." + key + "' must be"), std::string::npos) << said;
    EXPECT_EQ(said.find("hidden"), std::string::npos) << said;
  }
}

TEST(Addresses, WithAMistypedPortContainNoSecret) {
  for (const char* url : {"nats://host:4222x", "nats://127.0.0.1:abc", "nats://localhost:abc"}) {
    EXPECT_EQ(shown_value(option("nats-url"), url), url);
  }
  EXPECT_EQ(shown_value(option("nats-url"), "nats://me:hidden"), "nats://me:***");
}

}  // namespace
}  // namespace sluice::config
