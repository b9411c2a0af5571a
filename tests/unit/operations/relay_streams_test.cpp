#include "operations/relay_streams.hpp"

#include <gtest/gtest.h>

#include "rules/shared/apart.hpp"

namespace sluice::operations {
namespace {

RuleConfig rule(const std::string& name, const std::string& kind, const std::string& settings) {
  return {name, kind, Settings::parse(settings)};
}

const RuleConfig likes = rule("likes", "count", "{from: a, reference: r, into: b, field: f}");

/// What is wrong with this relay for these rules; "" if nothing is.
std::string refusal_of(const RelayConfig& relay, std::vector<RuleConfig> rules) {
  StreamConfig stream;
  stream.name = "app";
  stream.uri = "mongodb://here";
  stream.database = "d";
  stream.rules = std::move(rules);
  try {
    const std::vector<StreamConfig> streams = rules::with_callers_apart({stream});
    check_relay_streams({}, streams);
    check_relay_streams(relay, streams);
    return "";
  } catch (const ConfigError& error) {
    return error.what();
  }
}

std::string refusal_of(std::vector<RuleConfig> rules) {
  return refusal_of({.stream = "LOG", .topic = ""}, std::move(rules));
}

RuleConfig publish(const std::string& stream, const std::string& subject) {
  return rule("tell", "publish", "{from: a, subject: '" + subject + "', stream: " + stream + "}");
}

TEST(RelayStreams, OfRulesThatRunApartHaveNamesOfTheirOwn) {
  const RuleConfig hook = rule("hook", "webhook", "{from: a, url: 'http://127.0.0.1:1/'}");
  EXPECT_EQ(refusal_of({likes, hook, publish("EVENTS", "events.{id}")}), "");
}

TEST(RelayStreams, WithTheSameNameAreRefused) {
  const RuleConfig hook = rule("publish", "webhook", "{from: a, url: 'http://127.0.0.1:1/'}");
  const std::string why = refusal_of({likes, hook, publish("EVENTS", "events.{id}")});
  EXPECT_NE(why.find("the streams 'app:publish' and 'app.publish' would both write to the relay's JetStream "
                     "stream LOG-app-publish; give rule 'publish' another name"),
            std::string::npos)
      << why;
}

TEST(RelayStreams, AreNotPublishedTo) {
  const std::string why = refusal_of({likes, publish("LOG", "events.{id}")});
  EXPECT_NE(
      why.find("rule 'tell' publishes to the JetStream stream LOG, and the relay's stream LOG holds the "
               "subjects LOG.*; give the relay another 'stream', or the rule another stream"),
      std::string::npos)
      << why;
  EXPECT_NE(refusal_of({publish("EVENTS", "LOG.{id}")}), "");
  EXPECT_EQ(refusal_of({publish("EVENTS", "LOG.more.{id}")}), "");
}

TEST(RelayStreams, InKafkaAreNotPublishedToEither) {
  const RelayConfig relay{.stream = "", .topic = "log"};
  const auto tell = [](const std::string& topic) {
    return rule("tell", "publish", "{from: a, kafka: {topic: '" + topic + "'}}");
  };
  EXPECT_EQ(refusal_of(relay, {likes, tell("events")}), "");
  const std::string why = refusal_of(relay, {likes, tell("log")});
  EXPECT_NE(why.find("rule 'tell' publishes to the Kafka topic log, which holds the relay"),
            std::string::npos)
      << why;
  const RuleConfig hook = rule("publish", "webhook", "{from: a, url: 'http://127.0.0.1:1/'}");
  const std::string same = refusal_of(relay, {likes, hook, tell("events")});
  EXPECT_NE(same.find("would both write to the relay's Kafka topic log-app-publish"), std::string::npos)
      << same;
}

}  // namespace
}  // namespace sluice::operations
