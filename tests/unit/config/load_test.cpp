#include "config/load.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>

#include "unit/config/load_support.hpp"

namespace sluice::config {
namespace {

TEST(Load, ReadsTheSmallestFile) {
  const Config config = loaded_of(kSmall).config;
  EXPECT_EQ(config.pipeline, "realworld");
  ASSERT_EQ(config.streams.size(), 1u);
  const StreamConfig& stream = config.streams[0];
  EXPECT_EQ(stream.name, "conduit");
  EXPECT_EQ(stream.uri, "mongodb://me:secret@h/?replicaSet=rs0");
  EXPECT_EQ(stream.database, "conduit");
  ASSERT_EQ(stream.rules.size(), 1u);
  EXPECT_EQ(stream.rules[0].name, "tag-tally");
  EXPECT_EQ(stream.rules[0].kind, "tally");
  EXPECT_EQ(stream.rules[0].settings.text("field"), "tagList");
}

TEST(Load, ReadsEveryOptionFromTheFile) {
  std::string yaml = kSmall + R"(
state: {database: st}
shard: {count: 4, index: 3}
cluster: {partitions: 0, feed_port: 0, feed_host: 0.0.0.0}
engine: {workers: 2, lanes: 3, batch_docs: 4, batch_bytes: 5000, batch_linger_ms: 6, queue_events: 7, queue_mb: 8,
  in_flight: 9, max_await_ms: 10, cursor_batch: 11, lease_ms: 1200, drain_ms: 13, statement_ms: 14, stall_ms: 1500}
http: {host: "::1", port: 9464, health: components}
log: {level: debug, format: json}
indexes: create
on_lost: rebuild
on_changed_rules: accept
nats: {url: "tls://me:hidden@n1:4222,nats://n2", user: u, password: hidden, token: hidden, creds_file: c, nkey: k,
  nkey_file: nf, password_file: pf, token_file: tf, ca_file: ca, cert_file: cf, key_file: kf, ack_ms: 1300}
redis: {url: "redis://me:hidden@r:6380/2", timeout_ms: 1400}
relay: {jetstream: {stream: s, partitions: 4, max_age_h: 15, max_mb: 16, replicas: 3}}
kafka: {brokers: "k1:9092,k2:9092", user: u, password: hidden, mechanism: PLAIN, ca_file: ca, cert_file: cf,
  key_file: kf, ack_ms: 1500, exactly_once: true, positions: p}
rabbitmq: {url: "amqps://me:hidden@b:5673/v", ca_file: ca, cert_file: cf, key_file: kf, ack_ms: 1600, heartbeat_s: 17}
aws: {region: r-1, endpoint: "http://h:1", access_key_id: ak, secret_access_key: hidden, session_token: hidden,
  credentials_file: c, profile: p, container_url: "http://c:1/x", container_path: /p, container_token: hidden,
  container_token_file: t, metadata_endpoint: "http://m:1", metadata_disabled: true, timeout_ms: 1700}
)";
  const Loaded loaded = loaded_of(yaml);
  const Config& config = loaded.config;
  EXPECT_EQ(config.state_database, "st");
  EXPECT_EQ(config.shard_count, 4);
  EXPECT_EQ(config.shard_index, 3);
  EXPECT_EQ(config.engine.workers, 2);
  EXPECT_EQ(config.engine.lanes, 3);
  EXPECT_EQ(config.engine.batch_docs, 4);
  EXPECT_EQ(config.engine.batch_bytes, 5000);
  EXPECT_EQ(config.engine.batch_linger_ms, 6);
  EXPECT_EQ(config.engine.queue_events, 7);
  EXPECT_EQ(config.engine.queue_mb, 8);
  EXPECT_EQ(config.engine.in_flight, 9);
  EXPECT_EQ(config.engine.max_await_ms, 10);
  EXPECT_EQ(config.engine.cursor_batch, 11);
  EXPECT_EQ(config.engine.lease_ms, 1200);
  EXPECT_EQ(config.engine.drain_ms, 13);
  EXPECT_EQ(config.engine.statement_ms, 14);
  EXPECT_EQ(config.engine.stall_ms, 1500);
  EXPECT_EQ(config.http_host, "::1");
  EXPECT_EQ(config.http_port, 9464);
  EXPECT_EQ(config.health, HealthForm::components);
  EXPECT_EQ(config.log_level, "debug");
  EXPECT_EQ(config.log_format, LogFormat::json);
  EXPECT_EQ(config.indexes, IndexPolicy::create);
  EXPECT_EQ(config.on_lost, LostPolicy::rebuild);
  EXPECT_TRUE(config.accept_changed_rules);
  EXPECT_EQ(config.nats.url, "tls://me:hidden@n1:4222,nats://n2");
  EXPECT_EQ(config.nats.password, "hidden");
  EXPECT_EQ(config.nats.key_file, "kf");
  EXPECT_EQ(config.nats.ack_ms, 1300);
  EXPECT_EQ(listed(loaded, "nats.url").value, "tls://me:***@n1:4222,nats://n2");
  EXPECT_EQ(config.redis.url, "redis://me:hidden@r:6380/2");
  EXPECT_EQ(config.redis.timeout_ms, 1400);
  EXPECT_EQ(listed(loaded, "redis.url").value, "redis://me:***@r:6380/2");
  EXPECT_EQ(config.relay.stream, "s");
  EXPECT_EQ(config.relay.partitions, 4);
  EXPECT_EQ(config.relay.max_age_h, 15);
  EXPECT_EQ(config.relay.max_mb, 16);
  EXPECT_EQ(config.relay.replicas, 3);
  EXPECT_EQ(config.kafka.brokers, "k1:9092,k2:9092");
  EXPECT_EQ(config.kafka.mechanism, "PLAIN");
  EXPECT_EQ(config.kafka.ack_ms, 1500);
  EXPECT_EQ(config.rabbitmq.url, "amqps://me:hidden@b:5673/v");
  EXPECT_EQ(config.rabbitmq.ca_file, "ca");
  EXPECT_EQ(config.rabbitmq.ack_ms, 1600);
  EXPECT_EQ(config.rabbitmq.heartbeat_s, 17);
  EXPECT_EQ(listed(loaded, "rabbitmq.url").value, "amqps://me:***@b:5673/v");
  EXPECT_EQ(config.aws.region, "r-1");
  EXPECT_EQ(config.aws.endpoint, "http://h:1");
  EXPECT_EQ(config.aws.access_key_id, "ak");
  EXPECT_EQ(config.aws.profile, "p");
  EXPECT_EQ(config.aws.container_path, "/p");
  EXPECT_TRUE(config.aws.metadata_disabled);
  EXPECT_EQ(config.aws.timeout_ms, 1700);
  EXPECT_TRUE(config.kafka.exactly_once);
  EXPECT_EQ(config.kafka.positions, "p");
  EXPECT_EQ(effective_text(loaded.effective).find("hidden"), std::string::npos);
  for (const auto& line : loaded.effective) {
    if (!line.name.starts_with("--")) {
      EXPECT_TRUE(line.origin.starts_with("w.yaml:")) << line.name;
    }
  }
}

TEST(Load, LetsTheFlagWinOverTheEnvironmentOverTheFileOverTheDefault) {
  const std::string yaml = kSmall + "engine: {lanes: 5}\n";
  const Values flags = {{"lanes", "7"}};
  const Values environment = {{"SLUICE_LANES", "6"}};
  EXPECT_EQ(loaded_of(kSmall).config.engine.lanes, 4);
  EXPECT_EQ(loaded_of(yaml).config.engine.lanes, 5);
  EXPECT_EQ(loaded_of(yaml, {}, environment).config.engine.lanes, 6);
  EXPECT_EQ(loaded_of(yaml, flags, environment).config.engine.lanes, 7);
  EXPECT_EQ(listed(loaded_of(kSmall), "engine.lanes").origin, "default");
  EXPECT_EQ(listed(loaded_of(yaml), "engine.lanes").origin, "w.yaml:6");
  EXPECT_EQ(listed(loaded_of(yaml, {}, environment), "engine.lanes").origin, "environment SLUICE_LANES");
  EXPECT_EQ(listed(loaded_of(yaml, flags, environment), "engine.lanes").origin, "flag --lanes");
}

TEST(Load, TakesAnAddressInBrackets) {
  EXPECT_EQ(loaded_of(kSmall, {{"http-host", "[::1]"}}).config.http_host, "::1");
  EXPECT_EQ(loaded_of(kSmall, {{"http-host", "::1"}}).config.http_host, "::1");
}

TEST(Load, TakesAFileWithoutRules) {
  const Config config = loaded_of("pipeline: p\nmongodb: {database: d}\nrules: []\n").config;
  ASSERT_EQ(config.streams.size(), 1u);
  EXPECT_TRUE(config.streams[0].rules.empty());
}

TEST(Load, SaysAllThatIsWrongWithAFileInItsOrder) {
  EXPECT_EQ(
      refusal_of(R"(pipeline: a/b
engin: {lanes: 3}
mongodb: {database: a b}
engine: {lanes: 0, lane: 4, workers: many, lanes: 5}
rules:
  - name: one
  - name: x y
    count: {}
  - name: three
    count: {from: a}
  - name: three
    count: {from: a}
)"),
      "w.yaml:1:1: a name may contain only letters, digits, '.', '_' and '-'\n"
      "w.yaml:2:1: unknown key 'engin'; allowed here: pipeline, rules, streams, mongodb, state, indexes, "
      "shard, cluster, engine, nats, relay, kafka, rabbitmq, aws, redis, http, log, on_lost or "
      "on_changed_rules\n"
      "w.yaml:3:11: 'mongodb.database' must be a database name (a database name must not contain / "
      "\\ . \" $ * < > : | ? or a space), not 'a b'\n"
      "w.yaml:4:10: 'engine.lanes' must be a whole number from 1 to 256, not '0'\n"
      "w.yaml:4:20: unknown key 'lane'; allowed here: "
      "workers, lanes, in_flight, batch_docs, batch_bytes, batch_linger_ms, queue_events, queue_mb, "
      "cursor_batch, max_await_ms, statement_ms, lease_ms, drain_ms or stall_ms\n"
      "w.yaml:4:29: 'engine.workers' must be a whole number from 1 to 64, not 'many'\n"
      "w.yaml:4:44: 'lanes' appears twice; it is already in line 4\n"
      "w.yaml:6:5: rule 'one' has no kind; add one, such as 'embed:', next to its name\n"
      "w.yaml:7:5: a name may contain only letters, digits, '.', '_' and '-'\n"
      "w.yaml:11:5: two rules have the name 'three'");
}

TEST(LoadFile, SaysWhyAFileCannotBeRead) {
  const auto why = [](const std::string& file) -> std::string {
    try {
      load_file(file, {}, {});
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "read";
  };
  EXPECT_EQ(why("no/such/file.yaml"), "no/such/file.yaml: cannot be read: No such file or directory");
  EXPECT_EQ(why(testing::TempDir()), testing::TempDir() + ": cannot be read: Is a directory");
  EXPECT_EQ(why("/dev/null"), "/dev/null: the file is empty; it must contain a map of settings");
}

TEST(LoadFile, ReadsAFile) {
  const std::string file = testing::TempDir() + "sluice_load_test." + std::to_string(::getpid()) + ".yaml";
  std::ofstream(file) << kSmall;
  EXPECT_EQ(load_file(file, {}, {}).config.pipeline, "realworld");
  EXPECT_EQ(config::load(file, {}, {}).streams.size(), 1u);
  std::remove(file.c_str());
}

}  // namespace
}  // namespace sluice::config
