#include "config/load.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>

namespace sluice::config {
namespace {

const std::string kSmall = R"(pipeline: realworld
mongodb: { uri: "mongodb://me:secret@h/?replicaSet=rs0", database: conduit }
rules:
  - name: tag-tally
    tally: { from: articles, field: tagList, into: tags, count: articleCount }
)";

const std::string kRule = "rules: [{name: r, count: {from: a}}]\n";

Loaded load(const std::string& yaml, const Values& flags = {}, const Values& environment = {}) {
  return load_text(yaml, "w.yaml", flags, environment);
}

std::string refusal(const std::string& yaml, const Values& flags = {}, const Values& environment = {}) {
  try {
    load(yaml, flags, environment);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "accepted";
}

Effective listed(const Loaded& loaded, const std::string& name) {
  for (const auto& line : loaded.effective) {
    if (line.name == name) return line;
  }
  return {};
}

TEST(Load, ReadsTheSmallestFile) {
  const Config config = load(kSmall).config;
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
cluster: {partitions: 0}
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
)";
  const Loaded loaded = load(yaml);
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
  EXPECT_EQ(load(kSmall).config.engine.lanes, 4);
  EXPECT_EQ(load(yaml).config.engine.lanes, 5);
  EXPECT_EQ(load(yaml, {}, environment).config.engine.lanes, 6);
  EXPECT_EQ(load(yaml, flags, environment).config.engine.lanes, 7);
  EXPECT_EQ(listed(load(kSmall), "engine.lanes").origin, "default");
  EXPECT_EQ(listed(load(yaml), "engine.lanes").origin, "w.yaml:6");
  EXPECT_EQ(listed(load(yaml, {}, environment), "engine.lanes").origin, "environment SLUICE_LANES");
  EXPECT_EQ(listed(load(yaml, flags, environment), "engine.lanes").origin, "flag --lanes");
}

TEST(Load, TakesAnAddressInBrackets) {
  EXPECT_EQ(load(kSmall, {{"http-host", "[::1]"}}).config.http_host, "::1");
  EXPECT_EQ(load(kSmall, {{"http-host", "::1"}}).config.http_host, "::1");
}

TEST(Load, TakesAFileWithoutRules) {
  const Config config = load("pipeline: p\nmongodb: {database: d}\nrules: []\n").config;
  ASSERT_EQ(config.streams.size(), 1u);
  EXPECT_TRUE(config.streams[0].rules.empty());
}

TEST(Load, SaysAllThatIsWrongWithAFileInItsOrder) {
  EXPECT_EQ(refusal(R"(pipeline: a/b
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
            "w.yaml:1:1: a name is made of letters, digits, '.', '_' and '-'\n"
            "w.yaml:2:1: unknown key 'engin'; known here: pipeline, rules, streams, mongodb, state, indexes, "
            "shard, cluster, engine, nats, redis, http, log, on_lost or on_changed_rules\n"
            "w.yaml:3:11: 'mongodb.database' must be the name of a database (a database's name must not hold "
            "any of / \\ . \" $ * < > : | ? or a space), not 'a b'\n"
            "w.yaml:4:10: 'engine.lanes' must be a whole number from 1 to 256, not '0'\n"
            "w.yaml:4:20: unknown key 'lane'; known here: "
            "workers, lanes, in_flight, batch_docs, batch_bytes, batch_linger_ms, queue_events, queue_mb, "
            "cursor_batch, max_await_ms, statement_ms, lease_ms, drain_ms or stall_ms\n"
            "w.yaml:4:29: 'engine.workers' must be a whole number from 1 to 64, not 'many'\n"
            "w.yaml:4:44: 'lanes' is stated twice; it stands in line 4 already\n"
            "w.yaml:6:5: rule 'one' says nothing; state its kind (such as 'embed:') beside its name\n"
            "w.yaml:7:5: a name is made of letters, digits, '.', '_' and '-'\n"
            "w.yaml:11:5: two rules are called 'three'");
}

TEST(Load, TakesTheRedisPasswordFromOnePlace) {
  const std::string by_file = kSmall + "redis: {password_file: pf}\n";
  EXPECT_EQ(load(by_file, {{"redis-url", "redis://me@r"}}).config.redis.password_file, "pf");
  EXPECT_THROW(load(by_file, {{"redis-url", "redis://me:secret@r"}}), ConfigError);
}

TEST(Load, TakesPartitionsInThePlaceOfShards) {
  const Config alone = load(kSmall).config;
  EXPECT_FALSE(alone.clustered());
  EXPECT_EQ(alone.parts(), 1);
  EXPECT_EQ(alone.engine.lease_ms, 10000);
  const Loaded cluster = load(kSmall + "cluster: {partitions: 8}\n");
  EXPECT_TRUE(cluster.config.clustered());
  EXPECT_EQ(cluster.config.parts(), 8);
  EXPECT_EQ(cluster.config.engine.lease_ms, 6000);
  EXPECT_EQ(listed(cluster, "engine.lease_ms").value, "6000");
  EXPECT_EQ(listed(cluster, "engine.lease_ms").origin, "default");
  EXPECT_EQ(load(kSmall, {{"lease-ms", "9000"}, {"partitions", "2"}}).config.engine.lease_ms, 9000);
  EXPECT_EQ(refusal(kSmall, {{"partitions", "8"}}, {{"SHARD_COUNT", "4"}}),
            "flag --partitions: the partitions of a cluster (8) take the place of shards (4, environment "
            "SHARD_COUNT); state one of the two");
}

TEST(Load, TakesAnEmptyVariableAsNotSet) {
  EXPECT_EQ(load(kSmall, {}, {{"SHARD_COUNT", ""}}).config.shard_count, 1);
}

TEST(Load, ChecksAFilesValueThatIsOverruled) {
  EXPECT_EQ(refusal(kSmall + "engine: {lanes: 0}\n", {{"lanes", "7"}}),
            "w.yaml:6:10: 'engine.lanes' must be a whole number from 1 to 256, not '0'");
}

TEST(Load, TakesFlagsThatAreFlagsOnly) {
  const Config config = load(kSmall, {{"restart-now", "true"}}).config;
  EXPECT_TRUE(config.restart_now);
  EXPECT_FALSE(config.accept_changed_rules);
  EXPECT_EQ(refusal(kSmall + "restart_now: true\n").find("w.yaml:6:1: unknown key 'restart_now'"), 0u);
}

TEST(Load, TakesThePolicyForChangedRulesFromFileEnvironmentAndFlag) {
  EXPECT_FALSE(load(kSmall + "on_changed_rules: fail\n").config.accept_changed_rules);
  EXPECT_TRUE(load(kSmall + "on_changed_rules: accept\n").config.accept_changed_rules);
  EXPECT_TRUE(load(kSmall, {}, {{"SLUICE_ON_CHANGED_RULES", "accept"}}).config.accept_changed_rules);
  EXPECT_TRUE(load(kSmall, {{"on-changed-rules", "accept"}}).config.accept_changed_rules);
  const Values both = {{"accept-changed-rules", "true"}};
  EXPECT_TRUE(load(kSmall + "on_changed_rules: fail\n", both).config.accept_changed_rules);
  EXPECT_EQ(refusal(kSmall + "on_changed_rules: maybe\n"),
            "w.yaml:6:1: 'on_changed_rules' must be fail or accept, not 'maybe'");
}

TEST(Load, OverridesTheUriAndDatabaseOfTheOnlyStream) {
  const Values flags = {{"database", "other"}};
  const Values environment = {{"MONGODB_URI", "mongodb://env/"}};
  const Loaded loaded = load(kSmall, flags, environment);
  EXPECT_EQ(loaded.config.streams[0].uri, "mongodb://env/");
  EXPECT_EQ(loaded.config.streams[0].database, "other");
  EXPECT_EQ(loaded.config.streams[0].name, "other");
  EXPECT_EQ(listed(loaded, "streams.other.uri").origin, "environment MONGODB_URI");
  const std::string listed_one = "pipeline: p\nstreams: [{uri: 'mongodb://f/', database: d, " +
                                 kRule.substr(0, kRule.size() - 1) + "}]\n";
  EXPECT_EQ(load(listed_one).config.streams[0].uri, "mongodb://f/");
  EXPECT_EQ(load(listed_one, {}, environment).config.streams[0].uri, "mongodb://env/");
}

TEST(Load, TakesTheUriOrItsFileFromTheStrongestSourceThatStatesOne) {
  const Loaded by_flag =
      load(kSmall, {{"mongodb-uri-file", "/run/uri"}}, {{"MONGODB_URI", "mongodb://env/"}});
  EXPECT_EQ(by_flag.config.streams[0].uri, "");
  EXPECT_EQ(by_flag.config.streams[0].uri_file, "/run/uri");
  EXPECT_EQ(listed(by_flag, "streams.conduit.uri_file").value, "/run/uri");
  EXPECT_EQ(listed(by_flag, "streams.conduit.uri_file").origin, "flag --mongodb-uri-file");
  EXPECT_EQ(listed(by_flag, "streams.conduit.uri").value, "") << "not both";
  const std::string by_file = "pipeline: p\nmongodb: {uri_file: secrets/uri, database: d}\n" + kRule;
  EXPECT_EQ(load(by_file).config.streams[0].uri_file, "secrets/uri");
  const Config overruled = load(by_file, {}, {{"MONGODB_URI", "mongodb://env/"}}).config;
  EXPECT_EQ(overruled.streams[0].uri_file, "");
  EXPECT_EQ(overruled.streams[0].uri, "mongodb://env/");
}

TEST(Load, RefusesAUriBesideItsFile) {
  EXPECT_EQ(refusal("pipeline: p\nmongodb: {uri: 'mongodb://h/', uri_file: f, database: d}\n" + kRule),
            "w.yaml:2:32: the URI is stated here and in w.yaml:2:11 as well; state one of the two");
  EXPECT_EQ(refusal(kSmall, {{"mongodb-uri", "mongodb://h/"}, {"mongodb-uri-file", "f"}}),
            "flag --mongodb-uri-file: the URI is stated here and in flag --mongodb-uri as well; state one of "
            "the two");
}

TEST(Load, RefusesAUriWhereItsFileIsMeantWithoutGivingItAway) {
  EXPECT_EQ(
      refusal(kSmall, {{"mongodb-uri-file", "mongodb://u:secret@h/"}}),
      "flag --mongodb-uri-file: must be the path of a file that holds the URI, not 'mongodb://u:***@h/'");
}

TEST(Load, TakesAFileForEachStream) {
  const std::string two =
      "pipeline: p\nstreams:\n  - {name: one, uri_file: one.uri, database: a, rules: [{name: r, count: {x: "
      "y}}]}\n"
      "  - {database: b, rules: [{name: r, count: {x: y}}]}\n";
  const Config config = load(two, {{"mongodb-uri", "mongodb://flag/"}}).config;
  EXPECT_EQ(config.streams[0].uri_file, "one.uri");
  EXPECT_EQ(config.streams[0].uri, "");
  EXPECT_EQ(config.streams[1].uri, "mongodb://flag/");
}

const std::string kTwo = R"(pipeline: p
streams:
  - {name: one, uri: "mongodb://one/", database: a, rules: [{name: r, count: {x: y}}]}
  - {database: b, rules: [{name: r, count: {x: y}}]}
)";

TEST(Load, ReadsSeveralStreams) {
  const Config config = load(kTwo).config;
  ASSERT_EQ(config.streams.size(), 2u);
  EXPECT_EQ(config.streams[0].name, "one");
  EXPECT_EQ(config.streams[0].uri, "mongodb://one/");
  EXPECT_EQ(config.streams[1].name, "b");
  EXPECT_EQ(config.streams[1].uri, "mongodb://127.0.0.1:27017/?replicaSet=rs0");
}

TEST(Load, OverridesOfSeveralStreamsThoseThatStateNone) {
  const Loaded loaded = load(kTwo, {{"mongodb-uri", "mongodb://flag/"}, {"database", "z"}});
  EXPECT_EQ(loaded.config.streams[0].uri, "mongodb://one/");
  EXPECT_EQ(loaded.config.streams[1].uri, "mongodb://flag/");
  EXPECT_EQ(loaded.config.streams[1].database, "b");
}

TEST(Load, MasksSecretsInTheListing) {
  const Loaded loaded = load(kSmall);
  EXPECT_EQ(listed(loaded, "streams.conduit.uri").value, "mongodb://me:***@h/?replicaSet=rs0");
  EXPECT_EQ(effective_text(loaded.effective).find("secret"), std::string::npos);
}

TEST(Load, ListsEveryValueOnALine) {
  const Loaded loaded = load(kSmall);
  const std::string text = effective_text(loaded.effective);
  EXPECT_NE(text.find("\nengine.lanes: 4 "), std::string::npos);
  EXPECT_NE(text.find("  # default\n"), std::string::npos);
  EXPECT_NE(text.find("streams.conduit.rules.tag-tally: tally"), std::string::npos);
  EXPECT_EQ(static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')), loaded.effective.size());
}

struct BadSource {
  Values flags;
  Values environment;
  const char* message;
};

class BadSources : public testing::TestWithParam<BadSource> {};

TEST_P(BadSources, AreRefused) {
  EXPECT_EQ(refusal(kSmall, GetParam().flags, GetParam().environment), GetParam().message);
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
                  "flag --shard-index: the shard index 4 must be below the shard count 4 (environment "
                  "SHARD_COUNT); "
                  "allowed: 0 to 3"},
        BadSource{{},
                  {{"SHARD_INDEX", "1"}},
                  "environment SHARD_INDEX: the shard index 1 must be below the shard count 1 (default); "
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

struct BadFile {
  const char* name;
  std::string yaml;
  const char* message;
};

class BadConfigFiles : public testing::TestWithParam<BadFile> {};

TEST_P(BadConfigFiles, AreRefusedWithTheirPlace) {
  EXPECT_EQ(refusal(GetParam().yaml), GetParam().message);
}

const std::string kHead = "pipeline: p\nmongodb: {database: d}\n";

INSTANTIATE_TEST_SUITE_P(
    Load, BadConfigFiles,
    testing::Values(
        BadFile{"no_pipeline", "mongodb: {database: d}\n" + kRule, "w.yaml:1:1: 'pipeline' is missing here"},
        BadFile{"bad_pipeline", "pipeline: a/b\nmongodb: {database: d}\n" + kRule,
                "w.yaml:1:1: a name is made of letters, digits, '.', '_' and '-'"},
        BadFile{"unknown_section", "pipeline: p\nmongdb: {database: d}\n" + kRule,
                "w.yaml:2:1: unknown key 'mongdb'; did you mean 'mongodb'?"},
        BadFile{
            "key_of_a_section", kHead + kRule + "log:\nformat: json\n",
            "w.yaml:4:1: 'log' must be a map (key: value), but is empty\n"
            "w.yaml:5:1: unknown key 'format'; it belongs into 'log' (is this line indented too little?)"},
        BadFile{
            "database_of_the_server", "pipeline: p\nmongodb: {database: local}\n" + kRule,
            "w.yaml:2:11: 'mongodb.database' must be the name of a database (the server keeps 'local' for "
            "itself, without change streams and transactions), not 'local'"},
        BadFile{"enabled_is_no_answer", kHead + "rules: [{name: r, enabled: no, count: {from: a}}]\n",
                "w.yaml:3:28: 'enabled' must be true or false, not 'no'"},
        BadFile{"unknown_key", kHead + kRule + "engine: {lane: 3}\n",
                "w.yaml:4:10: unknown key 'lane'; did you mean 'lanes'?"},
        BadFile{"misspelt_database", "pipeline: p\nmongodb: {databse: d}\n" + kRule,
                "w.yaml:2:11: unknown key 'databse'; did you mean 'database'?"},
        BadFile{"no_database", "pipeline: p\n" + kRule,
                "w.yaml:1:1: no database is stated; state 'mongodb.database', --database or SLUICE_DATABASE"},
        BadFile{"section_is_text", kHead + kRule + "engine: fast\n",
                "w.yaml:4:9: 'engine' must be a map (key: value), but is a text"},
        BadFile{"value_is_list", kHead + kRule + "engine: {lanes: [4]}\n",
                "w.yaml:4:17: 'lanes' must be a text or a number, but is a list"},
        BadFile{"bad_database", "pipeline: p\nmongodb: {database: a b}\n" + kRule,
                "w.yaml:2:11: 'mongodb.database' must be the name of a database (a database's name must not "
                "hold any "
                "of / \\ . \" $ * < > : | ? or a space), not 'a b'"},
        BadFile{"no_rules", kHead, "w.yaml:1:1: 'rules' is missing here"},
        BadFile{"rules_are_a_map", kHead + "rules: {a: b}\n",
                "w.yaml:3:8: 'rules' must be a list of maps (each starts with '- '), but is a map"},
        BadFile{"rule_without_name", kHead + "rules:\n  - count: {a: b}\n",
                "w.yaml:4:5: 'name' is missing here"},
        BadFile{"rule_without_kind", kHead + "rules:\n  - name: r\n",
                "w.yaml:4:5: rule 'r' says nothing; state its kind (such as 'embed:') beside its name"},
        BadFile{"rule_with_two_kinds", kHead + "rules:\n  - name: r\n    count: {a: b}\n    into: c\n",
                "w.yaml:6:5: rule 'r' has two kinds, 'count' and 'into'; a rule is a name and one kind (is "
                "this key "
                "indented too little?)"},
        BadFile{"rule_kind_without_body", kHead + "rules:\n  - name: r\n    count:\n",
                "w.yaml:5:5: 'count' must be a map (key: value), but is empty"},
        BadFile{"rule_twice", kHead + "rules:\n  - {name: r, count: {a: b}}\n  - {name: r, count: {a: b}}\n",
                "w.yaml:5:6: two rules are called 'r'"},
        BadFile{"bad_rule_name", kHead + "rules: [{name: 'a b', count: {a: b}}]\n",
                "w.yaml:3:10: a name is made of letters, digits, '.', '_' and '-'"},
        BadFile{"empty_rule_name", kHead + "rules: [{name: '', count: {a: b}}]\n",
                "w.yaml:3:10: a name must not be empty"},
        BadFile{"streams_and_rules", "pipeline: p\nstreams: [{database: d, rules: []}]\n" + kRule,
                "w.yaml:3:1: 'rules' belongs inside each of 'streams', which this file states too"},
        BadFile{"streams_and_mongodb",
                "pipeline: p\nstreams: [{database: d, rules: []}]\nmongodb: {database: d}\n",
                "w.yaml:3:1: 'mongodb' belongs inside each of 'streams', which this file states too"},
        BadFile{"no_streams", "pipeline: p\nstreams: []\n",
                "w.yaml:2:1: 'streams' is empty; state at least one"},
        BadFile{"stream_without_database",
                "pipeline: p\nstreams:\n  - {" + kRule.substr(0, kRule.size() - 1) + "}\n",
                "w.yaml:3:5: no database is stated; state 'database', --database or SLUICE_DATABASE"},
        BadFile{"stream_twice",
                "pipeline: p\nstreams:\n  - {database: d, rules: [{name: r, count: {}}]}\n  - {database: d, "
                "rules: "
                "[{name: r, count: {}}]}\n",
                "w.yaml:4:5: two streams are called 'd'; give each a 'name' of its own"},
        BadFile{"stream_unknown_key", "pipeline: p\nstreams:\n  - {databse: d, rules: []}\n",
                "w.yaml:3:6: unknown key 'databse'; did you mean 'database'?"},
        BadFile{"bad_stream_name", "pipeline: p\nstreams:\n  - {name: a/b, database: d, rules: []}\n",
                "w.yaml:3:6: the stream's name 'a/b' is no good: a name is made of letters, digits, '.', '_' "
                "and '-'"}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(PlaceArguments, AreReadyForAShell) {
  EXPECT_EQ(place_arguments("w.yaml", {}), "w.yaml");
  EXPECT_EQ(place_arguments("my file's.yaml", {{"lanes", "3"}, {"state-database", "st"}}),
            "'my file'\\''s.yaml' --state-database st")
      << "of the flags those that say where things are";
  EXPECT_EQ(place_arguments("w.yaml", {{"mongodb-uri", "mongodb://h/?a=1&b=2"}}),
            "w.yaml --mongodb-uri 'mongodb://h/?a=1&b=2'");
  EXPECT_EQ(place_arguments("w.yaml", {{"mongodb-uri", "mongodb://ann:pw@h/"}}),
            "w.yaml --mongodb-uri \"$MONGODB_URI\"")
      << "and no secret";
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
  EXPECT_EQ(why("/dev/null"), "/dev/null: the file is empty; it must hold a map of settings");
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
