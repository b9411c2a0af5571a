#include "config/connector/connector.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

#include "core/publish_plan.hpp"
#include "rules/registry.hpp"

namespace sluice::config {
namespace {

const Values kVariables = {{"MONGO_URI", "mongodb://db1:27017/test?replicaSet=rs0"},
                           {"MONGO_WATCH_COLLECTIONS", "users, movies"},
                           {"NATS_SERVER_URL", "nats://127.0.0.1:4222"}};

const std::string kFile = R"(connector:
  mongo:
    uri: "mongodb://me:secret@db1:27017/?replicaSet=rs0"
  collections:
    - dbName: twitter-db
      collName: tweets
      changeStreamPreAndPostImages: true
      tokensDbName: tokens
      tokensCollName: t
      tokensCollCapped: true
      tokensCollSizeInBytes: 4096
      streamName: TWEETS
    - dbName: twitter-db
      collName: likes
    - dbName: shop
      collName: orders
)";

Values with(Values values, const std::string& name, const std::string& text) {
  values[name] = text;
  return values;
}

Values without(Values values, const std::string& name) {
  values.erase(name);
  return values;
}

Config by_variables(const Values& environment, const Values& flags = {}) {
  const ConnectorStart start{"", "", flags, environment};
  const Config config =
      load_text(yaml_of(connector_of_variables(start)), "v", flags, without(environment, "NATS_URL")).config;
  for (const auto& stream : config.streams) rules::make_rules(stream);  // throws for rules that are none
  return config;
}

Config by_file(const std::string& text, const Values& environment = {}) {
  const Config config =
      load_text(yaml_of(connector_of_file(text, "c.yaml", {"c.yaml", "", {}, environment})), "f", {}, {})
          .config;
  for (const auto& stream : config.streams) rules::make_rules(stream);
  return config;
}

template <class Call>
std::string refusal(const Call& call) {
  try {
    call();
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "accepted";
}

std::string variables_refused(const Values& environment) {
  return refusal([&] { by_variables(environment); });
}

std::string file_refused(const std::string& text) {
  return refusal([&] { by_file(text); });
}

const PublishPlan& plan_of(const std::unique_ptr<Rule>& rule) {
  return dynamic_cast<const PublishPlan&>(*rule->deliveries().at(0));
}

TEST(ConnectorVariables, TheDefaults) {
  const Config config = by_variables(kVariables);
  EXPECT_EQ(config.pipeline, "connector");
  EXPECT_EQ(config.http_host, "0.0.0.0");
  EXPECT_EQ(config.http_port, 3000);
  EXPECT_EQ(config.health, HealthForm::components);
  EXPECT_EQ(config.nats.url, "nats://127.0.0.1:4222");
  ASSERT_EQ(config.streams.size(), 1U);
  const StreamConfig& stream = config.streams[0];
  EXPECT_EQ(stream.uri, kVariables.at("MONGO_URI"));
  EXPECT_EQ(stream.database, "test");
  ASSERT_EQ(stream.resume_tokens.size(), 1U);
  EXPECT_EQ(stream.resume_tokens[0].database, "test");
  EXPECT_EQ(stream.resume_tokens[0].collection, "cs_resume_tokens");
  EXPECT_FALSE(stream.resume_tokens[0].capped);
  const auto rules = rules::make_rules(stream);
  ASSERT_EQ(rules.size(), 2U);
  const Subscription users = rules[0]->subscriptions().at(0);
  EXPECT_EQ(users.collection, "users");
  EXPECT_TRUE(users.inserts && users.updates && users.replaces && users.any_field);
  EXPECT_FALSE(users.deletes);
  EXPECT_EQ(users.full_document, FullDocument::look_up);
  EXPECT_EQ(users.before, BeforeImage::off);
  EXPECT_EQ(rules[1]->subscriptions().at(0).collection, "movies");
  EXPECT_EQ(plan_of(rules[0]).stream.name, "cs");
  EXPECT_EQ(plan_of(rules[0]).stream.subjects, std::vector<std::string>{"cs.>"});
  EXPECT_EQ(plan_of(rules[0]).stream.needed, std::vector<std::string>{"cs.*.*.*"});
}

TEST(ConnectorVariables, TheOrderOfEachCollectionUnlessSeveralReadersDivideIt) {
  const auto in_order = [](const Values& flags) {
    const Config config = load_connector({"", "", flags, kVariables}).config;
    return plan_of(rules::make_rules(config.streams[0], config.parts()).at(0)).in_order;
  };
  EXPECT_TRUE(in_order({}));
  EXPECT_FALSE(in_order({{"partitions", "8"}}));
}

TEST(ConnectorVariables, LogsAreJsonAndOurHeadersCanBeLeftOut) {
  ConnectorStart start{"", "", {}, kVariables};
  EXPECT_EQ(load_connector(start).config.log_format, LogFormat::json);
  EXPECT_EQ(load_connector(start).yaml.find("headers: none"), std::string::npos);
  start.flags = {{"log-format", "text"}};
  start.headers = "none";
  EXPECT_EQ(load_connector(start).config.log_format, LogFormat::text);
  EXPECT_NE(load_connector(start).yaml.find("headers: none"), std::string::npos);
  start.headers = "few";
  EXPECT_EQ(refusal([&] { load_connector(start); }), "--headers must be all or none, not 'few'");
}

TEST(ConnectorVariables, StreamsHaveAsManyReplicasAsTheFlagSays) {
  const auto replicas = [](const std::string& stated) {
    ConnectorStart start{"", "", {}, kVariables};
    start.replicas = stated;
    const Config config = load_connector(start).config;
    return plan_of(rules::make_rules(config.streams[0], config.parts()).at(0)).stream.replicas;
  };
  EXPECT_EQ(replicas(""), 1);
  EXPECT_EQ(replicas("3"), 3);
  for (const std::string wrong : {"0", "6", "three", "33", "-1"}) {
    EXPECT_EQ(refusal([&] { replicas(wrong); }),
              "--replicas must be a whole number from 1 to 5, not '" + wrong + "'");
  }
}

TEST(ConnectorVariables, EachOneIsFollowed) {
  Values all = kVariables;
  all["MONGO_WATCH_OPERATIONS"] = "insert,delete";
  all["MONGO_RESUME_TOKENS_COLLECTION"] = "tokens";
  all["NATS_STREAM_NAME"] = "changes";
  all["NATS_SERVER_URL"] = "localhost:4223, nats://other:4222";
  all["HTTP_PORT"] = "3001";
  all["RAFT_CLUSTER_NAME"] = "mine";
  all["RAFT_CLUSTER_SIZE"] = "1";
  const Config config = by_variables(all);
  EXPECT_EQ(config.pipeline, "mine");
  EXPECT_EQ(config.http_port, 3001);
  EXPECT_EQ(config.nats.url, "nats://localhost:4223,nats://other:4222");
  EXPECT_EQ(config.streams[0].resume_tokens.at(0).collection, "tokens");
  const auto rules = rules::make_rules(config.streams[0]);
  const Subscription users = rules[0]->subscriptions().at(0);
  EXPECT_TRUE(users.inserts && users.deletes);
  EXPECT_FALSE(users.updates || users.replaces);
  EXPECT_EQ(plan_of(rules[0]).stream.name, "changes");
}

/// Subjects begin with the one, and whatever stream takes them may be called otherwise.
TEST(ConnectorVariables, TheStreamMayHaveAnotherNameThanItsSubjects) {
  ConnectorStart start{"", "", {}, with(kVariables, "NATS_STREAM_NAME", "prod.cs")};
  start.stream = "CHANGES";
  const Config config = load_connector(start).config;
  const auto rules = rules::make_rules(config.streams[0]);
  EXPECT_EQ(plan_of(rules[0]).stream.name, "CHANGES");
  EXPECT_EQ(plan_of(rules[0]).stream.needed, std::vector<std::string>{"prod.cs.*.*.*"});
  EXPECT_EQ(refusal([] {
              connector_of_file(kFile, "c.yaml", {"c.yaml", "", {}, {}, "CHANGES"});
            }).rfind("--stream: c.yaml sets a stream", 0),
            0U);
}

/// The dots of a collection's name have always divided its subjects.
TEST(ConnectorVariables, ADottedCollectionKeepsItsSubjects) {
  const Config config = by_variables(with(kVariables, "MONGO_WATCH_COLLECTIONS", "app.users"));
  const auto rules = rules::make_rules(config.streams[0]);
  EXPECT_EQ(plan_of(rules[0]).stream.needed, std::vector<std::string>{"cs.app.users.*.*"});
}

TEST(ConnectorVariables, AFlagSaysWhereTheServersAre) {
  const Values few = {{"MONGO_WATCH_COLLECTIONS", "users"}};
  const Config config = by_variables(
      few, {{"mongodb-uri", "mongodb://h/?replicaSet=r"}, {"database", "shop"}, {"nats-url", "nats://n:1"}});
  EXPECT_EQ(config.streams[0].uri, "mongodb://h/?replicaSet=r");
  EXPECT_EQ(config.streams[0].database, "shop");
  EXPECT_EQ(config.nats.url, "nats://n:1");
}

TEST(ConnectorVariables, WhatIsWrongIsSaidInTheVariablesName) {
  EXPECT_EQ(variables_refused({}).rfind("nothing to publish is configured: set MONGO_URI", 0), 0U);
  EXPECT_EQ(variables_refused(without(kVariables, "MONGO_URI")).rfind("MONGO_URI is not set", 0), 0U);
  EXPECT_EQ(variables_refused(without(kVariables, "MONGO_WATCH_COLLECTIONS"))
                .rfind("MONGO_WATCH_COLLECTIONS is not set", 0),
            0U);
  EXPECT_EQ(variables_refused(with(kVariables, "MONGO_WATCH_COLLECTIONS", " ,"))
                .rfind("MONGO_WATCH_COLLECTIONS is not set", 0),
            0U);
  EXPECT_EQ(variables_refused(without(kVariables, "NATS_SERVER_URL")).rfind("NATS_SERVER_URL is not set", 0),
            0U);
  EXPECT_EQ(variables_refused(with(kVariables, "MONGO_URI", "mongodb://h:1/?replicaSet=r"))
                .rfind("MONGO_URI contains no database", 0),
            0U);
  EXPECT_EQ(
      variables_refused(with(kVariables, "MONGO_WATCH_OPERATIONS", "insert,updat")),
      "MONGO_WATCH_OPERATIONS: each operation must be insert, update, replace or delete, not 'updat' (did "
      "you mean 'update'?)");
  EXPECT_EQ(variables_refused(with(kVariables, "MONGO_WATCH_OPERATIONS", "drop"))
                .rfind("MONGO_WATCH_OPERATIONS: 'drop' cannot be published", 0),
            0U);
  for (const auto& [name, text] : Values{{"HTTP_PORT", "http"},
                                         {"MONGO_URI", "localhost/test"},
                                         {"NATS_SERVER_URL", "http://x"},
                                         {"RAFT_CLUSTER_SIZE", "0"},
                                         {"RAFT_CLUSTER_NAME", "a b"}}) {
    EXPECT_NE(variables_refused(with(kVariables, name, text)).find(name), std::string::npos)
        << variables_refused(with(kVariables, name, text));
  }
}

TEST(ConnectorVariables, APasswordIsNeverSaid) {
  const std::string text = variables_refused(with(kVariables, "MONGO_URI", "http://me:secret@h/test"));
  EXPECT_NE(text, "accepted");
  EXPECT_EQ(text.find("secret"), std::string::npos) << text;
}

TEST(ConnectorFile, TheDefaults) {
  const Config config = by_file(kFile);
  EXPECT_EQ(config.pipeline, "connector");
  EXPECT_EQ(config.http_host, "127.0.0.1");
  EXPECT_EQ(config.http_port, 8080);
  EXPECT_EQ(config.nats.url, "nats://127.0.0.1:4222");
  ASSERT_EQ(config.streams.size(), 2U);
  const StreamConfig& shop = config.streams[1];
  EXPECT_EQ(shop.database, "shop");
  EXPECT_EQ(shop.uri, "mongodb://me:secret@db1:27017/?replicaSet=rs0");
  ASSERT_EQ(shop.resume_tokens.size(), 1U);
  EXPECT_EQ(shop.resume_tokens[0].database, "resume-tokens");
  EXPECT_EQ(shop.resume_tokens[0].collection, "orders");
  EXPECT_FALSE(shop.resume_tokens[0].capped);
  const auto rules = rules::make_rules(shop);
  EXPECT_EQ(plan_of(rules[0]).stream.name, "ORDERS");
  EXPECT_EQ(plan_of(rules[0]).stream.subjects, std::vector<std::string>{"ORDERS.*"});
  const Subscription orders = rules[0]->subscriptions().at(0);
  EXPECT_TRUE(orders.inserts && orders.updates && orders.replaces && orders.deletes);
  EXPECT_EQ(orders.full_document, FullDocument::look_up);
  EXPECT_EQ(orders.before, BeforeImage::if_kept);
}

TEST(ConnectorFile, EachCollectionAsItIsStated) {
  const Config config = by_file(kFile);
  const StreamConfig& stream = config.streams[0];
  EXPECT_EQ(stream.name, "twitter-db");
  ASSERT_EQ(stream.resume_tokens.size(), 2U);
  EXPECT_EQ(stream.resume_tokens[0].database, "tokens");
  EXPECT_EQ(stream.resume_tokens[0].collection, "t");
  EXPECT_TRUE(stream.resume_tokens[0].capped);
  EXPECT_EQ(stream.resume_tokens[1].collection, "likes");
  const auto rules = rules::make_rules(stream);
  ASSERT_EQ(rules.size(), 2U);
  EXPECT_EQ(plan_of(rules[0]).stream.name, "TWEETS");
  EXPECT_EQ(plan_of(rules[0]).tokens->collection, "t");
  EXPECT_TRUE(plan_of(rules[0]).tokens->capped);
  EXPECT_EQ(plan_of(rules[1]).tokens->collection, "likes");
  EXPECT_EQ(rules[0]->subscriptions().at(0).before, BeforeImage::when_available);
}

TEST(ConnectorFile, SettingsBesideTheCollectionsAndVariablesBeforeThem) {
  const std::string text =
      kFile + "  log: { level: WARN }\n  nats: { url: 'nats://n1:4222' }\n" + "  server: { addr: ':9000' }\n";
  const Config config = by_file(text);
  EXPECT_EQ(config.log_level, "warn");
  EXPECT_EQ(config.nats.url, "nats://n1:4222");
  EXPECT_EQ(config.http_host, "0.0.0.0");
  EXPECT_EQ(config.http_port, 9000);
  const Config other = by_file(text, {{"LOG_LEVEL", "debug"},
                                      {"NATS_URL", "n2:4222"},
                                      {"SERVER_ADDR", "[::1]:9001"},
                                      {"MONGO_URI", "mongodb://db2/?replicaSet=r"}});
  EXPECT_EQ(other.log_level, "debug");
  EXPECT_EQ(other.nats.url, "nats://n2:4222");
  EXPECT_EQ(other.http_host, "::1");
  EXPECT_EQ(other.http_port, 9001);
  EXPECT_EQ(other.streams[0].uri, "mongodb://db2/?replicaSet=r");
}

/// Two streams of JetStream may tell of one collection.
TEST(ConnectorFile, ACollectionMayBeStatedTwice) {
  const Config config = by_file(kFile + "    - { dbName: shop, collName: orders, streamName: MORE }\n");
  const auto rules = rules::make_rules(config.streams[1]);
  ASSERT_EQ(rules.size(), 2U);
  EXPECT_NE(rules[0]->name(), rules[1]->name());
  EXPECT_EQ(config.streams[1].resume_tokens.size(), 1U);
}

TEST(ConnectorFile, WhatIsWrongIsSaidWithItsPlace) {
  const std::string start = "connector:\n  mongo: { uri: 'mongodb://h/?replicaSet=r' }\n";
  EXPECT_EQ(file_refused(start + "  collectons: []\n"),
            "c.yaml:3:3: unknown key 'collectons'; did you mean 'collections'?");
  EXPECT_EQ(file_refused(start + "  collections:\n    - dbName: d\n      collName: c\n      streamname: S\n"),
            "c.yaml:6:7: unknown key 'streamname'; did you mean 'streamName'?");
  EXPECT_NE(file_refused(start).find("'collections' is missing"), std::string::npos);
  EXPECT_NE(file_refused(start + "  collections: []\n").find("'collections' is empty"), std::string::npos);
  EXPECT_NE(file_refused(start + "  collections: [{dbName: d}]\n").find("collName"), std::string::npos);
  EXPECT_NE(file_refused(start + "  collections: [{dbName: d, collName: c, tokensDbName: d}]\n")
                .find("its own token collection"),
            std::string::npos);
  EXPECT_NE(file_refused("connector:\n  collections: [{dbName: d, collName: c}]\n").find("MONGO_URI"),
            std::string::npos);
  EXPECT_NE(file_refused(start + "  server: {addr: here}\n  collections: [{dbName: d, collName: c}]\n")
                .find("'here' is not an address"),
            std::string::npos);
  EXPECT_NE(file_refused("collections: []\n").find("connector"), std::string::npos);
}

TEST(Connector, TheDatabaseOfAUri) {
  EXPECT_EQ(database_of_uri("mongodb://h:1,g:2/shop?replicaSet=r"), "shop");
  EXPECT_EQ(database_of_uri("mongodb://h/shop"), "shop");
  EXPECT_EQ(database_of_uri("mongodb+srv://u:p%2Fq@h/a%2Db?x=/y"), "a-b");
  EXPECT_EQ(database_of_uri("mongodb://h/?replicaSet=r"), "");
  EXPECT_EQ(database_of_uri("mongodb://h"), "");
  EXPECT_EQ(database_of_uri("shop"), "");
}

TEST(Connector, NamesThatAreNoneOfOursAreMadeSo) {
  const Config config =
      by_variables(with(kVariables, "MONGO_WATCH_COLLECTIONS", "a b,a+b," + std::string(90, 'x')));
  const auto& rules = config.streams[0].rules;
  ASSERT_EQ(rules.size(), 3U);
  EXPECT_EQ(rules[0].name, "a-20b");
  EXPECT_EQ(rules[1].name, "a-2bb");
  EXPECT_EQ(rules[2].name, std::string(64, 'x'));
}

/// What is printed can be run as it is, but for the passwords.
TEST(Connector, TheFileThatIsPrinted) {
  const LoadedConnector loaded =
      load_connector({"", "", {}, with(kVariables, "MONGO_URI", "mongodb://me:secret@h/test?replicaSet=r")});
  EXPECT_EQ(loaded.config.streams[0].uri, "mongodb://me:secret@h/test?replicaSet=r");
  EXPECT_TRUE(loaded.config.accept_changed_rules);
  EXPECT_EQ(loaded.yaml.find("secret"), std::string::npos);
  EXPECT_EQ(load_text(loaded.yaml, "printed", {}, {}).config.streams[0].database, "test");
}

TEST(Connector, ANameOfItsOwn) {
  EXPECT_EQ(load_connector({"", "other", {}, kVariables}).config.pipeline, "other");
  EXPECT_EQ(refusal([] { load_connector({"", "no name", {}, kVariables}); }).rfind("--name: ", 0), 0U);
}

/// Variables of ours must not turn what the connector's own say.
TEST(Connector, ItsOwnVariablesComeBeforeOurs) {
  Values both = kVariables;
  both["MONGODB_URI"] = "mongodb://elsewhere/?replicaSet=r";
  both["SLUICE_DATABASE"] = "elsewhere";
  both["NATS_URL"] = "nats://elsewhere:1";
  const Config config = load_connector({"", "", {}, both}).config;
  EXPECT_EQ(config.streams[0].uri, kVariables.at("MONGO_URI"));
  EXPECT_EQ(config.streams[0].database, "test");
  EXPECT_EQ(config.nats.url, kVariables.at("NATS_SERVER_URL"));
}

}  // namespace
}  // namespace sluice::config
