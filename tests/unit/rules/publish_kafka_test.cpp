#include <gtest/gtest.h>

#include "core/kafka_plan.hpp"
#include "rules/registry.hpp"
#include "sluice/bson_builder.hpp"
#include "unit/refusal.hpp"

namespace sluice::rules {
namespace {

std::unique_ptr<Rule> make_kafka(const std::string& settings) {
  const RuleConfig config{"out", "publish", Settings::parse(settings, "f.yaml")};
  auto rule = make_publish(config, "shop");
  config.settings.done();
  return rule;
}

std::string kafka_refusal(const std::string& settings) {
  return test::refusal_of([&] { make_kafka(settings); });
}

const KafkaPlan& plan_of(const Rule& rule) {
  return dynamic_cast<const KafkaPlan&>(*rule.deliveries().at(0));
}

TEST(PublishKafka, TheTopicsOfNamedCollectionsAreKnown) {
  const auto topics = [](const std::string& settings) { return plan_of(*make_kafka(settings)).topics; };
  using Names = std::vector<std::string>;
  EXPECT_EQ(topics("from: [orders, items]\nkafka: {}\n"), (Names{"shop.orders", "shop.items"}));
  EXPECT_EQ(topics("from: [orders, items]\nkafka: {topic: all}\n"), (Names{"all"}));
  EXPECT_EQ(topics("from: ['a b', 'a#b']\nkafka: {topic: 'x.{coll}'}\n"), (Names{"x.a_b"}));
  EXPECT_EQ(topics("from: 'o*'\nkafka: {topic: 'x.{coll}'}\n"), Names{});
  EXPECT_EQ(topics("from: orders\nkafka: {topic: 'x.{op}'}\n"), Names{});
}

TEST(PublishKafka, WhatCannotBeMeantIsRefusedWithItsPlace) {
  EXPECT_NE(kafka_refusal("from: orders\nkafka: {topic: 'a b'}\n").find("f.yaml:2:"), std::string::npos);
  EXPECT_NE(kafka_refusal("from: orders\nkafka: {topic: ''}\n").find("name of a topic"), std::string::npos);
  EXPECT_NE(kafka_refusal("from: orders\nkafka: {tpic: a}\n").find("did you mean 'topic'"),
            std::string::npos);
  EXPECT_NE(kafka_refusal("from: orders\nkafka: {partitions: 3}\n").find("create: true"), std::string::npos);
  EXPECT_NE(kafka_refusal("from: orders\nkafka: {key: '', deletes: tombstone}\n").find("needs a key"),
            std::string::npos);
  EXPECT_NE(kafka_refusal("from: orders\nstream: s\nkafka: {}\n").find("unknown key 'stream'"),
            std::string::npos);
}

TEST(PublishKafka, TopicsAreMadeOnRequest) {
  const auto rule = make_kafka(
      "from: orders\nkafka: {create: true, partitions: 6, replication: 3, config: {retention.ms: 1000}}\n");
  const TopicShape& shape = plan_of(*rule).shape;
  EXPECT_TRUE(shape.create);
  EXPECT_EQ(shape.partitions, 6);
  EXPECT_EQ(shape.replication, 3);
  ASSERT_EQ(shape.config.size(), 1U);
  EXPECT_EQ(shape.config[0].second, "1000");
}

TEST(PublishKafka, AnOrderOfKeysIsOneAcrossDocuments) {
  EXPECT_EQ(make_kafka("from: orders\nkafka: {}\n")->orders_across_documents_by(), nullptr);
  EXPECT_STREQ(make_kafka("from: orders\norder: key\nkafka: {}\n")->orders_across_documents_by(), "order");
}

class KafkaMessageOf : public testing::Test {
 protected:
  KafkaMessageOf() {
    document_.open("_id").append("_data", "82AB").close().append("operationType", "insert");
    document_.open("documentKey").append("_id", 7).close();
    document_.open("fullDocument").append("_id", 7).append("customer", "c1").close();
    document_.open("ns").append("db", "shop").append("coll", "orders").close();
    document_.append_timestamp("clusterTime", (std::uint64_t{17} << 32) + 3).append_date("wallTime", 1'500);
    EXPECT_TRUE(parse_event(document_.finish(), event_));
  }
  const std::vector<Effect>& effects(const std::string& settings) {
    rule_ = make_kafka(settings);
    effects_.clear();
    Effects out(effects_, arena_);
    rule_->apply(event_, out);
    return effects_;
  }
  const Message& message(const std::string& settings, std::size_t index = 0) {
    return *std::get<Deliver>(effects(settings).at(index).body).message;
  }
  void becomes_a_delete() {
    event_.operation = Operation::remove;
    event_.full_document = {};
  }

  bson::Builder document_;
  ChangeEvent event_;
  std::unique_ptr<Rule> rule_;
  Arena arena_;
  std::vector<Effect> effects_;
};

TEST_F(KafkaMessageOf, HasTheIdInCanonicalFormAsItsKey) {
  EXPECT_EQ(message("from: orders\nkafka: {}\n").key, R"({"$numberInt":"7"})");
  EXPECT_EQ(message("from: orders\nkafka: {key: '{id}'}\n").key, "7");
  EXPECT_EQ(message("from: orders\nkafka: {key: '{customer}/{op}'}\n").key, "c1/insert");
  EXPECT_EQ(message("from: orders\nkafka: {key: ''}\n").key.data(), nullptr);
}

TEST_F(KafkaMessageOf, NamesItsTopicAndItself) {
  const Message& made = message("from: orders\nkafka: {topic: 'x.{coll}.{customer}.{none}'}\n");
  EXPECT_EQ(made.address, "x.orders.c1._");
  EXPECT_EQ(made.id, "82AB");
  EXPECT_EQ(made.headers,
            "Sluice-Operation: insert\nSluice-Namespace: shop.orders\nSluice-Cluster-Time: 17.3\n"
            "Sluice-Message-Id: 82AB");
  EXPECT_EQ(message("from: orders\nheaders: none\nkafka: {}\n").headers, "");
}

TEST_F(KafkaMessageOf, OneKeyIsOneOrder) {
  const auto key = effects("from: orders\nkafka: {key: '{customer}'}\n").at(0).key;
  bson::Builder other;
  event_.id = other.append("_id", 8).finish().at("_id");
  EXPECT_EQ(effects("from: orders\nkafka: {key: '{customer}'}\n").at(0).key, key);
  EXPECT_NE(effects("from: orders\nkafka: {}\n").at(0).key, key);
}

TEST_F(KafkaMessageOf, ADeleteMayBeATombstone) {
  becomes_a_delete();
  EXPECT_TRUE(message("from: orders\nkafka: {}\n").payload);
  const Message& tombstone = message("from: orders\nformat: cloudevents\nkafka: {deletes: tombstone}\n");
  EXPECT_FALSE(tombstone.payload);
  EXPECT_TRUE(tombstone.envelope.empty());
  EXPECT_EQ(tombstone.key, R"({"$numberInt":"7"})");
  const std::string both = "from: orders\nkafka: {deletes: both}\n";
  ASSERT_EQ(effects(both).size(), 2U);
  EXPECT_TRUE(message(both, 0).payload);
  EXPECT_FALSE(message(both, 1).payload);
  EXPECT_EQ(message(both, 1).id, "82AB-tombstone");
  EXPECT_EQ(effects_[0].key, effects_[1].key);
}

TEST_F(KafkaMessageOf, AKeyOfAFieldNeedsTheDocument) {
  becomes_a_delete();
  const auto& made = effects("from: orders\nkafka: {key: '{customer}'}\n");
  ASSERT_TRUE(std::holds_alternative<Reject>(made.at(0).body));
  for (const Subscription& one : rule_->subscriptions()) EXPECT_TRUE(one.needs_images());
}

TEST_F(KafkaMessageOf, ATopicThatIsTooLongIsADeadLetter) {
  const std::string long_name(240, 'x');
  event_.collection = long_name;
  EXPECT_TRUE(std::holds_alternative<Deliver>(effects("from: orders\nkafka: {}\n").at(0).body));
  EXPECT_TRUE(std::holds_alternative<Reject>(
      effects("from: orders\nkafka: {topic: 'long-name.{coll}'}\n").at(0).body));
}

TEST_F(KafkaMessageOf, DebeziumsEnvelopeOfAnInsert) {
  const Message& insert = message("from: orders\nformat: debezium\nkafka: {topic: 'prod.{db}.{coll}'}\n");
  EXPECT_EQ(insert.address, "prod.shop.orders");
  EXPECT_EQ(insert.key, R"({"id":"7"})");
  EXPECT_EQ(insert.text,
            R"({"before":null,"after":"{\"_id\":7,\"customer\":\"c1\"}","updateDescription":null,)"
            R"("source":{"version":"sluice","connector":"mongodb","name":"prod","ts_ms":17000,)"
            R"("snapshot":"false","db":"shop","sequence":null,"collection":"orders","ord":3,)"
            R"("lsid":null,"txnNumber":null,"wallTime":1500},"op":"c","ts_ms":1500,"transaction":null})");
}

TEST_F(KafkaMessageOf, DebeziumsDeleteIsFollowedByATombstone) {
  becomes_a_delete();
  const std::string settings = "from: orders\nformat: debezium\nkafka: {}\n";
  ASSERT_EQ(effects(settings).size(), 2U);
  EXPECT_NE(message(settings).text.find(R"("after":null)"), std::string_view::npos);
  EXPECT_NE(message(settings).text.find(R"("op":"d")"), std::string_view::npos);
  EXPECT_EQ(message(settings, 1).text.data(), nullptr);
  EXPECT_FALSE(message(settings, 1).payload);
  EXPECT_EQ(message(settings, 1).key, R"({"id":"7"})");
}

TEST_F(KafkaMessageOf, DebeziumHasNoMessagesAboutCollections) {
  event_.operation = Operation::drop;
  event_.id = {};
  EXPECT_TRUE(effects("from: orders\nformat: debezium\nkafka: {}\n").empty());
}

TEST(PublishKafka, DebeziumsFormatHasItsOwnPayload) {
  EXPECT_NE(kafka_refusal("from: orders\nformat: debezium\npayload: document\nkafka: {}\n")
                .find("remove 'payload'"),
            std::string::npos);
  const auto rule = make_kafka("from: orders\nformat: debezium\nkafka: {}\n");
  EXPECT_EQ(rule->subscriptions().at(0).full_document, FullDocument::look_up);
}

}  // namespace
}  // namespace sluice::rules
