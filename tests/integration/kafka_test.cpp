#include <algorithm>

#include "support/kafka_fixture.hpp"
#include "workbench/kafka_jars.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

TEST(KafkaFolder, ThatHoldsNoKafkaIsSaidByName) {
  const TemporaryDirectory folder;
  const auto why = [](const std::filesystem::path& path) {
    return workbench::why_no_kafka_jars(path, "SLUICE_KAFKA");
  };
  EXPECT_NE(why(folder.path() / "none").find("does not exist"), std::string::npos);
  folder.write("slf4j.jar", "");
  EXPECT_EQ(why(folder.path()), "the folder '" + folder.path().string() +
                                    "' that SLUICE_KAFKA names holds no jar of Kafka "
                                    "(kafka_SCALA-VERSION.jar); name a folder as tools/kafka prints it");
  std::filesystem::create_directories(folder.path() / "libs");
  folder.write("libs/kafka_2.13-4.1.1.jar", "");
  EXPECT_NE(why(folder.path()).find("name its folder libs"), std::string::npos) << why(folder.path());
  EXPECT_EQ(why(folder.path() / "libs"), "");
}

class KafkaPublish : public KafkaTest {};

TEST_F(KafkaPublish, EachChangeIsAMessage) {
  start_kafka(kafka_file({"create: true", "partitions: 3", "key: \"{id}\""})).ready();
  db().insert("items", R"({"_id":"a","n":1})");
  db().update("items", R"({"_id":"a"})", R"({"$set":{"n":2}})");
  db().replace("items", R"({"_id":"a"})", R"({"n":3})");
  db().remove("items", R"({"_id":"a"})");
  db().insert("others", R"({"_id":"b"})");
  ASSERT_TRUE(holds(4));
  ASSERT_TRUE(settled());
  EXPECT_EQ(consumer().partitions(topic()), 3);
  const auto all = messages();
  ASSERT_EQ(all.size(), 4U);
  const std::vector<std::string> operations = {"insert", "update", "replace", "delete"};
  for (std::size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(all[i].key, "a");
    const Document event(*all[i].value);
    EXPECT_EQ(event.text("operationType"), operations[i]);
    EXPECT_EQ(all[i].headers.at("Sluice-Message-Id"), event.text("_id._data"));
    EXPECT_EQ(all[i].headers.at("Sluice-Operation"), operations[i]);
    EXPECT_EQ(all[i].headers.at("Sluice-Namespace"), db().database() + ".items");
  }
  EXPECT_EQ(metric("sluice_events_published_total"), 4);
  EXPECT_EQ(worker().get("/readyz").status, 200);
  terminate_all();
}

TEST_F(KafkaPublish, TheOrderOfEachDocumentsChangesIsKept) {
  start_kafka(kafka_file({"create: true", "partitions: 4"}), {"--batch-docs", "50"}).ready();
  write_numbers(200, 20);
  EXPECT_TRUE(told_in_order());
}

TEST_F(KafkaPublish, AllChangesOfOneDocumentInARow) {
  start_kafka(kafka_file({"create: true"})).ready();
  db().insert("items", R"({"_id":1,"n":0})");
  for (int i = 0; i < 500; ++i) db().update("items", R"({"_id":1})", R"({"$inc":{"n":1}})");
  EXPECT_TRUE(told_in_order());
}

/// Java's clients put a key into the partition of its murmur2 hash, modulo the number of partitions.
TEST_F(KafkaPublish, KeysGoToThePartitionsOfJavasClients) {
  start_kafka(kafka_file({"create: true", "partitions: 10", "key: \"{id}\""})).ready();
  // What org.apache.kafka.common.utils.Utils.toPositive(murmur2(key)) % 10 gives.
  const std::vector<std::pair<std::string, int>> keys = {
      {"21", 0}, {"foobar", 6}, {"a-little-bit-long-string", 2}};
  for (const auto& [key, partition] : keys) db().insert("items", "{\"_id\":\"" + key + "\"}");
  ASSERT_TRUE(holds(static_cast<std::int64_t>(keys.size())));
  for (const KafkaMessage& message : messages()) {
    const auto found = std::ranges::find(keys, *message.key, &std::pair<std::string, int>::first);
    ASSERT_NE(found, keys.end());
    EXPECT_EQ(message.partition, found->second) << *message.key;
  }
}

TEST_F(KafkaPublish, ADeletedDocumentIsATombstone) {
  start_kafka(kafka_file({"create: true", "config: { cleanup.policy: compact }", "deletes: tombstone"},
                         {"payload: document"}))
      .ready();
  db().insert("items", R"({"_id":5,"n":1})");
  db().remove("items", R"({"_id":5})");
  ASSERT_TRUE(holds(2));
  const auto all = messages();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(Document(all[0].value.value_or("{}")).integer("n"), 1);
  EXPECT_EQ(all[1].key, R"({"$numberInt":"5"})");
  EXPECT_FALSE(all[1].value);
  EXPECT_EQ(all[1].headers.at("Sluice-Operation"), "delete");
}

TEST_F(KafkaPublish, FormatsOfThePayload) {
  const auto rule = [&](const std::string& name, const std::string& more) {
    return "  - name: " + name + "\n    publish: { from: items, kafka: { topic: '{db}." + name +
           "', create: true }" + more + " }\n";
  };
  start_kafka(file(rule("relaxed", "") + rule("canonical", ", format: canonical") +
                   rule("binary", ", format: bson, payload: document") +
                   rule("cloud", ", format: cloudevents, payload: document")))
      .ready();
  db().insert("items", R"({"_id":"i\"d","n":{"$numberLong":"5"}})");
  const auto one = [&](const std::string& name) {
    std::vector<KafkaMessage> all;
    soon([&] { return !(all = consumer().read(db().database() + "." + name)).empty(); });
    KafkaMessage none;
    none.value = "{}";
    return all.empty() ? none : all.front();
  };
  EXPECT_NE(one("relaxed").value->find("\"n\":5"), std::string::npos);
  EXPECT_NE(one("canonical").value->find("\"$numberLong\":\"5\""), std::string::npos);
  const std::string binary = *one("binary").value;
  bson_t document;
  ASSERT_TRUE(
      bson_init_static(&document, reinterpret_cast<const std::uint8_t*>(binary.data()), binary.size()));
  EXPECT_EQ(Document(document).integer("n"), 5);
  const KafkaMessage cloud = one("cloud");
  const Document envelope(*cloud.value);
  EXPECT_EQ(envelope.text("specversion"), "1.0");
  EXPECT_EQ(envelope.text("id"), cloud.headers.at("Sluice-Message-Id"));
  EXPECT_EQ(envelope.integer("data.n"), 5);
  EXPECT_EQ(cloud.headers.at("content-type"), "application/cloudevents+json");
}

/// An envelope for each change, and a tombstone behind a delete, all under the key that Debezium gives.
TEST_F(KafkaPublish, DebeziumsEnvelopes) {
  start_kafka(file("  - name: out\n    publish: { from: items, format: debezium, before: required, "
                   "kafka: { topic: 'prod.{db}.{coll}', create: true } }\n"))
      .ready();
  db().insert("items", R"({"_id":"a","n":1})");
  db().update("items", R"({"_id":"a"})", R"({"$set":{"n":2}})");
  db().remove("items", R"({"_id":"a"})");
  const std::string topic = "prod." + db().database() + ".items";
  ASSERT_TRUE(soon([&] { return consumer().count(topic) == 4; }));
  const auto all = consumer().read(topic);
  for (const KafkaMessage& message : all) EXPECT_EQ(message.key, R"({"id":"\"a\""})");
  EXPECT_FALSE(all.back().value) << "a tombstone";
  const std::vector<std::vector<std::string>> expected = {
      {"c", "", R"({"_id":"a","n":1})"},
      {"u", R"({"_id":"a","n":1})", R"({"_id":"a","n":2})"},
      {"d", R"({"_id":"a","n":2})", ""}};
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const Document envelope(all[i].value.value_or("{}"));
    EXPECT_EQ(
        (std::vector<std::string>{envelope.text("op"), envelope.text("before"), envelope.text("after")}),
        expected[i]);
    EXPECT_EQ(envelope.text("source.name"), "prod");
    EXPECT_EQ(envelope.text("source.db"), db().database());
    EXPECT_EQ(envelope.text("source.collection"), "items");
    EXPECT_GT(envelope.integer("ts_ms"), 0);
  }
}

TEST_F(KafkaPublish, TopicsOfFieldsAreMadeAsTheyComeUp) {
  start_kafka(
      file("  - name: out\n    publish: { from: items, kafka: { topic: '{db}.{country}', create: true } }\n"))
      .ready();
  db().insert("items", R"({"_id":1,"country":"fr"})");
  db().insert("items", R"({"_id":2,"country":"de"})");
  db().insert("items", R"({"_id":3})");
  for (const std::string country : {"fr", "de", "_"}) {
    EXPECT_TRUE(soon([&] { return consumer().count(db().database() + "." + country) == 1; })) << country;
  }
}

TEST_F(KafkaPublish, ATopicThatIsMissingIsWaitedFor) {
  Worker& worker = start_kafka(kafka_file()).ready();
  db().insert("items", R"({"_id":1,"n":0})");
  EXPECT_TRUE(worker.logs("outlet kafka://" + kafka().brokers() + " is down"));
  EXPECT_TRUE(soon([&] { return worker.get("/readyz").body.find("kafka://") != std::string::npos; }))
      << worker.get("/readyz").body;
  consumer().create_topic(topic(), 2);
  EXPECT_TRUE(told_in_order());
  EXPECT_TRUE(worker.logs("is up again"));
}

TEST_F(KafkaPublish, ABrokerThatIsNotThereIsWaitedFor) {
  const workbench::Port nobody;
  const std::string brokers = "127.0.0.1:" + nobody.text();
  Worker& worker = start(kafka_file({"create: true"}), {"--kafka-brokers", brokers});
  EXPECT_TRUE(worker.logs("Kafka at " + brokers + " cannot be reached"));
  EXPECT_EQ(worker.get("/readyz").status, 503);
  EXPECT_EQ(worker.terminate(), 0);
}

/// One event too large for the topic is set aside; those around it go on, and each is told once.
TEST_F(KafkaPublish, AMessageThatIsTooLargeForItsTopicIsADeadLetter) {
  consumer().create_topic(topic(), 1, {{"max.message.bytes", "20000"}});
  start_kafka(kafka_file()).ready();
  std::vector<Document> all;
  for (int i = 0; i < 100; ++i) {
    const std::string text = i == 50 ? std::string(50'000, 'x') : "small";
    all.emplace_back("{\"_id\":" + std::to_string(i) + ",\"n\":0,\"text\":\"" + text + "\"}");
  }
  db().insert("items", all);
  ASSERT_TRUE(holds(99));
  ASSERT_TRUE(settled());
  EXPECT_EQ(metric("sluice_events_dead_total"), 1);
  EXPECT_EQ(state().count("dead_letters"), 1);
  const auto letter = state().find_one("dead_letters");
  ASSERT_TRUE(letter);
  EXPECT_EQ(letter->text("effect.sink"), "kafka");
  EXPECT_EQ(letter->text("effect.subject"), topic());
  consumer().configure_topic(topic(), {{"max.message.bytes", "100000"}});
  const Outcome retried =
      run_sluice(here_run({"dead", "retry", kafka_file(), "--all"}, {"--kafka-brokers", kafka().brokers()}));
  EXPECT_EQ(retried.exit_code, 0) << retried.out << retried.err;
  EXPECT_EQ(state().count("dead_letters"), 0);
  EXPECT_TRUE(told_in_order(100));
}

/// Many small messages in one request are more than the topic takes at once. None of them is at fault.
TEST_F(KafkaPublish, MessagesThatAreTooManyForOneRequestAreSentInSmallerOnes) {
  consumer().create_topic(topic(), 1, {{"max.message.bytes", "20000"}});
  start_kafka(kafka_file()).ready();
  std::vector<Document> all;
  for (int i = 0; i < 300; ++i) {
    all.emplace_back("{\"_id\":" + std::to_string(i) + ",\"n\":0,\"text\":\"" + std::string(1000, 'x') +
                     "\"}");
  }
  db().insert("items", all);
  EXPECT_TRUE(holds(300));
  EXPECT_TRUE(told_in_order(300));
  EXPECT_EQ(metric("sluice_events_dead_total"), 0);
  EXPECT_GT(metric("sluice_retries_total", "transient"), 0) << "the topic took them in one request";
}

TEST_F(KafkaPublish, CheckOnlineLooksAtTheTopicAndMakesNone) {
  const auto check = [&](const std::string& file, const std::string& brokers) {
    const Outcome outcome = run_sluice(here_run({"check", file, "--online"}, {"--kafka-brokers", brokers}));
    return std::to_string(outcome.exit_code) + "\n" + outcome.out + outcome.err;
  };
  const std::string brokers = kafka().brokers();
  const std::string good = check(kafka_file({"create: true"}), brokers);
  EXPECT_EQ(good.rfind("0\n", 0), 0U) << good;
  EXPECT_NE(good.find("publishes to the Kafka topic " + topic() + ", which a worker will create"),
            std::string::npos)
      << good;
  const std::string none = check(kafka_file(), brokers);
  EXPECT_NE(none.find("there is no Kafka topic " + topic()), std::string::npos) << none;
  EXPECT_EQ(none.rfind("1\n", 0), 0U) << none;
  consumer().create_topic(topic(), 2);
  const std::string there = check(kafka_file(), brokers);
  EXPECT_NE(there.find("the Kafka topic " + topic() + " (2 partitions)"), std::string::npos) << there;
  const workbench::Port nobody;
  const std::string away = check(kafka_file(), "127.0.0.1:" + nobody.text());
  EXPECT_NE(away.find("is a broker running there"), std::string::npos) << away;
  EXPECT_EQ(away.rfind("1\n", 0), 0U) << away;
}

/// A topic that is deleted while messages come is created anew, and what comes afterwards is told.
TEST_F(KafkaPublish, ADeletedTopicIsCreatedAnew) {
  start_kafka(kafka_file({"create: true", "partitions: 2"})).ready();
  db().insert("items", R"({"_id":1,"n":0})");
  ASSERT_TRUE(holds(1));
  consumer().delete_topic(topic());
  std::vector<Document> more;
  for (int i = 100; i < 150; ++i) more.emplace_back("{\"_id\":" + std::to_string(i) + ",\"n\":0}");
  db().insert("items", more);
  ASSERT_TRUE(holds(50));
  ASSERT_TRUE(settled());
  EXPECT_EQ(metric("sluice_events_dead_total"), 0);
}

TEST_F(KafkaPublish, PartitionsAddedWhileItRunsAreUsed) {
  consumer().create_topic(topic(), 1);
  const std::string file = this->file(
      "  - name: out\n    publish: { from: items, kafka: { topic: '{db}.{coll}' } }\n"
      "kafka: { properties: { topic.metadata.refresh.interval.ms: 200 } }\n");
  start_kafka(file).ready();
  write_numbers(20, 1);
  ASSERT_TRUE(told_in_order());
  consumer().add_partitions(topic(), 4);
  EXPECT_TRUE(soon([&] {
    db().update_many("items", "{}", R"({"$inc":{"n":1}})");
    const auto all = messages();
    return std::ranges::any_of(all, [](const KafkaMessage& message) { return message.partition == 3; });
  }));
}

TEST_F(KafkaPublish, ARestartRepeatsAndLosesNothing) {
  const std::string file = kafka_file({"create: true"});
  start_kafka(file).ready();
  write_numbers(50, 3);
  ASSERT_TRUE(told_in_order());
  terminate_all();
  db().update_many("items", "{}", R"({"$inc":{"n":1}})");
  start_kafka(file).ready();
  EXPECT_TRUE(told_in_order());
}

}  // namespace
}  // namespace sluice::test
