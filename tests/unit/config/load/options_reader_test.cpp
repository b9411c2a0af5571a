#include <gtest/gtest.h>

#include "unit/config/load_support.hpp"

namespace sluice::config {
namespace {

TEST(Load, TakesTheRedisPasswordFromOnePlace) {
  const std::string by_file = kSmall + "redis: {password_file: pf}\n";
  EXPECT_EQ(loaded_of(by_file, {{"redis-url", "redis://me@r"}}).config.redis.password_file, "pf");
  EXPECT_THROW(loaded_of(by_file, {{"redis-url", "redis://me:secret@r"}}), ConfigError);
}

TEST(Load, TakesPartitionsInThePlaceOfShards) {
  const Config alone = loaded_of(kSmall).config;
  EXPECT_FALSE(alone.clustered());
  EXPECT_EQ(alone.parts(), 1);
  EXPECT_EQ(alone.engine.lease_ms, 10000);
  const Loaded cluster = loaded_of(kSmall + "cluster: {partitions: 8}\n");
  EXPECT_TRUE(cluster.config.clustered());
  EXPECT_EQ(cluster.config.parts(), 8);
  EXPECT_EQ(cluster.config.engine.lease_ms, 6000);
  EXPECT_EQ(listed(cluster, "engine.lease_ms").value, "6000");
  EXPECT_EQ(listed(cluster, "engine.lease_ms").origin, "default");
  EXPECT_EQ(loaded_of(kSmall, {{"lease-ms", "9000"}, {"partitions", "2"}}).config.engine.lease_ms, 9000);
  EXPECT_EQ(refusal_of(kSmall, {{"partitions", "8"}}, {{"SHARD_COUNT", "4"}}),
            "flag --partitions: cluster partitions (8) cannot be combined with shards (4, environment "
            "SHARD_COUNT); set only one of them");
}

TEST(Load, SharesAFeedInAClusterOnly) {
  const Config config =
      loaded_of(kSmall + "cluster: {partitions: 8, feed_port: 7450, feed_host: '[::1]', feed_address: db1}\n")
          .config;
  EXPECT_TRUE(config.feed);
  EXPECT_EQ(config.feed.port, 7450);
  EXPECT_EQ(config.feed.host, "::1");
  EXPECT_EQ(config.feed.address, "db1");
  EXPECT_FALSE(loaded_of(kSmall + "cluster: {partitions: 8}\n").config.feed);
  const auto refused = [](const std::string& cluster) {
    return refusal_of(kSmall + "cluster: " + cluster + "\n");
  };
  EXPECT_EQ(refused("{feed_port: 7450}"),
            "w.yaml:6:11: cluster.feed_port is for the instances of a cluster; set cluster.partitions too");
  EXPECT_EQ(
      refused("{partitions: 8, feed_port: 7450, feed_host: db1}"),
      "w.yaml:6:43: cluster.feed_host must be an IP address of this machine, such as 0.0.0.0 for all, not "
      "'db1'");
  EXPECT_EQ(refused("{partitions: 8, feed_port: 7450, feed_address: 'db1:7450'}"),
            "w.yaml:6:43: cluster.feed_address must be a host name or an IP address, without a port, not "
            "'db1:7450'");
  EXPECT_EQ(refused("{partitions: 8, feed_address: db1}"),
            "w.yaml:6:26: cluster.feed_address has no use without cluster.feed_port");
  EXPECT_EQ(refused("{partitions: 8, feed_port: 7450}\nhttp: {port: 7450}"),
            "w.yaml:6:26: cluster.feed_port must not be the port of the HTTP server");
}

TEST(Load, TakesAnEmptyVariableAsNotSet) {
  EXPECT_EQ(loaded_of(kSmall, {}, {{"SHARD_COUNT", ""}}).config.shard_count, 1);
}

TEST(Load, ChecksAFilesValueThatIsOverruled) {
  EXPECT_EQ(refusal_of(kSmall + "engine: {lanes: 0}\n", {{"lanes", "7"}}),
            "w.yaml:6:10: 'engine.lanes' must be a whole number from 1 to 256, not '0'");
}

TEST(Load, TakesFlagsThatAreFlagsOnly) {
  const Config config = loaded_of(kSmall, {{"restart-now", "true"}}).config;
  EXPECT_TRUE(config.restart_now);
  EXPECT_FALSE(config.accept_changed_rules);
  EXPECT_EQ(refusal_of(kSmall + "restart_now: true\n").find("w.yaml:6:1: unknown key 'restart_now'"), 0u);
}

TEST(Load, TakesThePolicyForChangedRulesFromFileEnvironmentAndFlag) {
  EXPECT_FALSE(loaded_of(kSmall + "on_changed_rules: fail\n").config.accept_changed_rules);
  EXPECT_TRUE(loaded_of(kSmall + "on_changed_rules: accept\n").config.accept_changed_rules);
  EXPECT_TRUE(loaded_of(kSmall, {}, {{"SLUICE_ON_CHANGED_RULES", "accept"}}).config.accept_changed_rules);
  EXPECT_TRUE(loaded_of(kSmall, {{"on-changed-rules", "accept"}}).config.accept_changed_rules);
  const Values both = {{"accept-changed-rules", "true"}};
  EXPECT_TRUE(loaded_of(kSmall + "on_changed_rules: fail\n", both).config.accept_changed_rules);
  EXPECT_EQ(refusal_of(kSmall + "on_changed_rules: maybe\n"),
            "w.yaml:6:1: 'on_changed_rules' must be fail or accept, not 'maybe'");
}

/// One value is bad. The other values of the same option are not reported as unknown keys.
TEST(Load, KnowsTheKeysOfOptionsWithABadValue) {
  const std::string port = "http-port: must be a whole number from 0 to 65535, not 'abc'";
  EXPECT_EQ(refusal_of(kSmall + "http: {port: 9464}\n", {{"http-port", "abc"}}), "flag --" + port);
  EXPECT_EQ(refusal_of(kSmall + "http: {port: 9464}\n", {}, {{"SLUICE_HTTP_PORT", "abc"}}),
            "environment SLUICE_HTTP_PORT: must be a whole number from 0 to 65535, not 'abc'");
  EXPECT_EQ(refusal_of(kSmall + "relay: {kafka: {topic: LOG, partitions: 1}}\n", {{"relay-partitions", "x"}})
                .find("unknown key"),
            std::string::npos);
  const std::string both = "pipeline: p\nmongodb: {uri: 'h', uri_file: f, database: d}\n" + kRule;
  EXPECT_EQ(refusal_of(both).find("unknown key"), std::string::npos) << refusal_of(both);
  const std::string section =
      refusal_of(kSmall + "relay: {jetstream: {partitions: x}, kafka: {partitions: 3}}\n");
  EXPECT_EQ(section.find("unknown key"), std::string::npos) << section;
}

struct BadSource {
  Values flags;
  Values environment;
  const char* message;
};

class BadSources : public testing::TestWithParam<BadSource> {};

TEST_P(BadSources, AreRefused) {
  EXPECT_EQ(refusal_of(kSmall, GetParam().flags, GetParam().environment), GetParam().message);
}

INSTANTIATE_TEST_SUITE_P(
    Load, BadSources,
    testing::Values(
        BadSource{{},
                  {{"SHARD_COUNT", "abc"}},
                  "environment SHARD_COUNT: must be a whole number from 1 to 1024, not 'abc'"},
        BadSource{{},
                  {{"SHARD_COUNT", "0"}},
                  "environment SHARD_COUNT: must be a whole number from 1 to 1024, not '0'"},
        BadSource{{},
                  {{"SHARD_INDEX", "-1"}},
                  "environment SHARD_INDEX: must be a whole number from 0 to 1023, not '-1'"},
        BadSource{{{"shard-index", "4"}},
                  {{"SHARD_COUNT", "4"}},
                  "flag --shard-index: the shard index 4 must be less than the shard count 4 (environment "
                  "SHARD_COUNT); "
                  "allowed: 0 to 3"},
        BadSource{{},
                  {{"SHARD_INDEX", "1"}},
                  "environment SHARD_INDEX: the shard index 1 must be less than the shard count 1 (default); "
                  "allowed: 0 "
                  "to 0"},
        BadSource{{{"lanes", "0"}}, {}, "flag --lanes: must be a whole number from 1 to 256, not '0'"},
        BadSource{{},
                  {{"SLUICE_HTTP_PORT", "70000"}},
                  "environment SLUICE_HTTP_PORT: must be a whole number from 0 to 65535, not '70000'"},
        BadSource{{{"log-level", "loud"}},
                  {},
                  "flag --log-level: must be trace, debug, info, warn, error or off, not 'loud'"},
        BadSource{{},
                  {{"MONGODB_URI", "u:p@h"}},
                  "environment MONGODB_URI: must be a connection string that starts with mongodb:// or "
                  "mongodb+srv://, not 'u:***@h'"}));

TEST(RelayOptions, AreInASectionOfTheLogsKind) {
  const Config config = loaded_of(kSmall +
                                  "cluster: {partitions: 8}\n"
                                  "relay: {jetstream: {stream: LOG, partitions: 8}}\n")
                            .config;
  ASSERT_TRUE(config.relay);
  EXPECT_EQ(config.relay.stream, "LOG");
  EXPECT_EQ(config.relay.partitions, 8);
  EXPECT_FALSE(loaded_of(kSmall).config.relay);
  const std::string typo = refusal_of(kSmall + "relay: {jetstream: {steam: LOG}}\n");
  EXPECT_NE(typo.find("unknown key 'steam'; did you mean 'stream'?"), std::string::npos) << typo;
  const std::string log = refusal_of(kSmall + "relay: {kafk: {topic: LOG}}\n");
  EXPECT_NE(log.find("unknown key 'kafk'; did you mean 'kafka'?"), std::string::npos) << log;
  for (const std::string& one : {typo, log})
    EXPECT_EQ(one.find("the relay has no JetStream stream"), std::string::npos) << one;
}

TEST(RelayOptions, HaveAsManyPartitionsAsTheClusterOrTheShards) {
  const std::string relay = "relay: {jetstream: {stream: LOG, partitions: 16}}\n";
  EXPECT_EQ(refusal_of(kSmall + relay, {{"partitions", "16"}}), "accepted");
  EXPECT_EQ(refusal_of(kSmall + relay, {{"shard-count", "16"}}), "accepted");
  const std::string other = refusal_of(kSmall + relay, {{"partitions", "4"}});
  EXPECT_NE(
      other.find("the relay has 16 partitions, but the cluster has 4; both numbers must be the same: set "
                 "'partitions: 16' under 'cluster'"),
      std::string::npos)
      << other;
  EXPECT_NE(other.find("or change 'relay.jetstream.partitions'"), std::string::npos) << other;
  EXPECT_NE(refusal_of(kSmall + relay).find("but there is 1 static shard;"), std::string::npos);
  const std::string kafka = refusal_of(kSmall + "relay: {kafka: {topic: LOG, partitions: 16}}\n");
  EXPECT_NE(kafka.find("or change 'relay.kafka.partitions'"), std::string::npos) << kafka;
}

/// What is misspelt explains what seems to be missing, so it is reported alone.
TEST(Load, ReportsAMisspeltKeyAlone) {
  const std::string relay = "relay: {jetstream: {stream: LOG, partitions: 8}}\n";
  EXPECT_EQ(refusal_of(kSmall + relay + "clutser: {partitions: 8}\n"),
            "w.yaml:7:1: unknown key 'clutser'; did you mean 'cluster'?");
  EXPECT_EQ(refusal_of(kSmall + relay + "cluster: {partitins: 8}\n"),
            "w.yaml:7:11: unknown key 'partitins'; did you mean 'partitions'?");
  EXPECT_EQ(
      refusal_of(kSmall + "relay: {jetstream: {stream: LOG, partitons: 8}}\ncluster: {partitions: 8}\n"),
      "w.yaml:6:34: unknown key 'partitons'; did you mean 'partitions'?");
  EXPECT_EQ(refusal_of(kSmall + "nats: {usr: me, password: x}\n"),
            "w.yaml:6:8: unknown key 'usr'; did you mean 'user'?");
}

TEST(RelayOptions, OnlyATopicHasAConsumerGroup) {
  const std::string in_kafka = "relay: {kafka: {topic: LOG, partitions: 8, group: ";
  EXPECT_EQ(loaded_of(kSmall + in_kafka + "'team:workers'}}\n", {{"partitions", "8"}}).config.relay.group,
            "team:workers");
  EXPECT_NE(refusal_of(kSmall + in_kafka + "'a b'}}\n", {{"partitions", "8"}})
                .find("'a b' is no name of a consumer group"),
            std::string::npos);
  EXPECT_NE(refusal_of(kSmall + "relay: {jetstream: {stream: LOG, partitions: 8}}\n",
                       {{"partitions", "8"}, {"relay-group", "g"}})
                .find("only a relay in Kafka has a consumer group"),
            std::string::npos);
}

TEST(RelayOptions, AreInTheSectionKafkaForATopic) {
  const std::string cluster = "cluster: {partitions: 8}\n";
  const Config config =
      loaded_of(kSmall + cluster +
                "relay: {kafka: {topic: log.of-p, partitions: 8, max_age_h: 5, max_mb: 7, replicas: 3}}\n")
          .config;
  ASSERT_TRUE(config.relay);
  EXPECT_EQ(config.relay.stream, "");
  EXPECT_EQ(config.relay.topic, "log.of-p");
  EXPECT_EQ(config.relay.partitions, 8);
  EXPECT_EQ(config.relay.max_age_h, 5);
  EXPECT_EQ(config.relay.max_mb, 7);
  EXPECT_EQ(config.relay.replicas, 3);
  const std::string no_name =
      refusal_of(kSmall + cluster + "relay: {kafka: {topic: 'a b', partitions: 8}}\n");
  EXPECT_NE(no_name.find("'a b' is no name of a Kafka topic"), std::string::npos) << no_name;
  const std::string both =
      refusal_of(kSmall + cluster + "relay: {kafka: {topic: T, partitions: 8}, jetstream: {stream: S}}\n");
  EXPECT_NE(both.find("the relay has the JetStream stream S and the Kafka topic T; state only one"),
            std::string::npos)
      << both;
}

TEST(RelayOptions, AreOfNoEffectWithoutAName) {
  const std::string why =
      "the relay has no JetStream stream and no Kafka topic; set 'stream' under relay.jetstream, or 'topic' "
      "under relay.kafka";
  for (const char* relay : {"relay: {jetstream: {partitions: 16}}\n", "relay: {jetstream: {}}\n",
                            "relay: {kafka: {partitions: 16}}\n", "relay: {kafka: {}}\n", "relay: {}\n",
                            "relay: {jetstream: {max_mb: 10}}\n"}) {
    EXPECT_NE(refusal_of(kSmall + relay).find(why), std::string::npos) << relay << refusal_of(kSmall + relay);
  }
  EXPECT_NE(refusal_of(kSmall, {{"relay-max-mb", "10"}}).find("--relay-max-mb: " + why), std::string::npos);
}

constexpr const char* of_two_streams =
    "streams:\n"
    "  - {name: one, database: a, rules: [{name: r, count: {}}]}\n"
    "  - {name: two, database: b, rules: [{name: r, count: {}}]}\n";

TEST(RelayOptions, AreForOneStream) {
  const std::string yaml = std::string("pipeline: p\n") + of_two_streams;
  const Values relay = {{"relay-stream", "LOG"}, {"relay-partitions", "2"}, {"partitions", "2"}};
  EXPECT_EQ(refusal_of(yaml), "accepted");
  const std::string why = refusal_of(yaml, relay);
  EXPECT_NE(why.find("w.yaml:2:1: there are 2 streams, and a relay holds the events of one database only"),
            std::string::npos)
      << why;
}

TEST(RelayOptions, DoNotGoWithTokensOfAnotherProgram) {
  const std::string yaml =
      "pipeline: p\nstreams:\n  - {name: one, database: a, rules: [{name: r, count: {}}],\n"
      "     resume_tokens: [{database: a, collection: c}]}\n";
  EXPECT_EQ(refusal_of(yaml), "accepted");
  const std::string why =
      refusal_of(yaml, {{"relay-stream", "LOG"}, {"relay-partitions", "1"}, {"partitions", "1"}});
  EXPECT_NE(why.find("a relay cannot begin at the resume tokens of another program"), std::string::npos)
      << why;
}

TEST(RelayOptions, NameAJetStreamStream) {
  const std::string why =
      refusal_of(kSmall, {{"relay-stream", "a.b"}, {"relay-partitions", "2"}, {"partitions", "2"}});
  EXPECT_NE(why.find("'a.b' is no name of a JetStream stream"), std::string::npos) << why;
}

}  // namespace
}  // namespace sluice::config
