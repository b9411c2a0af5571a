#include <gtest/gtest.h>

#include "core/rabbit_plan.hpp"
#include "rules/registry.hpp"
#include "sluice/bson_builder.hpp"
#include "unit/refusal.hpp"

namespace sluice::rules {
namespace {

std::unique_ptr<Rule> make_rabbit(const std::string& settings) {
  const RuleConfig config{"out", "publish", Settings::parse(settings, "f.yaml")};
  auto rule = make_publish(config, "shop");
  config.settings.done();
  return rule;
}

std::string rabbit_refusal(const std::string& settings) {
  return test::refusal_of([&] { make_rabbit(settings); });
}

const RabbitPlan& rabbit_plan_of(const Rule& rule) {
  return dynamic_cast<const RabbitPlan&>(*rule.deliveries().at(0));
}

TEST(PublishRabbit, TheExchangesOfNamedCollectionsAreKnown) {
  const auto exchanges = [](const std::string& settings) {
    return rabbit_plan_of(*make_rabbit(settings)).exchanges;
  };
  using Exchanges = std::vector<std::string>;
  EXPECT_EQ(exchanges("from: [orders, items]\nrabbitmq: {exchange: shop}\n"), (Exchanges{"shop"}));
  EXPECT_EQ(exchanges("from: [orders, items]\nrabbitmq: {exchange: '{db}.{coll}'}\n"),
            (Exchanges{"shop.orders", "shop.items"}));
  EXPECT_EQ(exchanges("from: 'o*'\nrabbitmq: {exchange: '{coll}'}\n"), Exchanges{});
  EXPECT_EQ(exchanges("from: orders\nrabbitmq: {exchange: '{op}'}\n"), Exchanges{});
  EXPECT_EQ(exchanges("from: orders\nrabbitmq: {exchange: ''}\n"), Exchanges{""});
}

TEST(PublishRabbit, WhatCannotBeMeantIsRefusedWithItsPlace) {
  const auto refused = [](const std::string& settings, const std::string& why) {
    const std::string said = rabbit_refusal(settings);
    EXPECT_NE(said.find(why), std::string::npos) << said;
  };
  refused("from: orders\nrabbitmq: {}\n", "f.yaml:2:");
  refused("from: orders\nrabbitmq: {}\n", "name the 'exchange'");
  refused("from: orders\nrabbitmq: {exchnage: e}\n", "did you mean 'exchange'");
  refused("from: orders\nrabbitmq: {exchange: e, routing: a}\n", "unknown key 'routing'");
  refused("from: orders\nrabbitmq: {exchange: e, declare: queue}\n", "topic");
  refused("from: orders\nrabbitmq: {exchange: '', declare: topic}\n", "default exchange");
  refused("from: orders\nrabbitmq: {exchange: amq.topic, declare: topic}\n", "RabbitMQ's own");
  refused("from: orders\nrabbitmq: {exchange: " + std::string(256, 'x') + "}\n", "255 bytes");
  refused("from: orders\nstream: s\nrabbitmq: {exchange: e}\n", "unknown key 'stream'");
  refused("from: orders\nrabbitmq: {exchange: e, partitions: 0}\n", "from 1 to 10000");
  refused("from: orders\nrabbitmq: {exchange: e, partitions: 3, routing_key: '{id}.{op}'}\n",
          "the changes of a document would lose their order");
  refused("from: orders\nrabbitmq: {exchange: e, partitions: 3, declare: direct}\n", "add_super_stream");
  refused("from: orders\nkafka: {}\nrabbitmq: {exchange: e}\n", "make two rules");
}

TEST(PublishRabbit, ExchangesAreDeclaredOnRequest) {
  EXPECT_EQ(rabbit_plan_of(*make_rabbit("from: orders\nrabbitmq: {exchange: e}\n")).declare, "");
  EXPECT_EQ(rabbit_plan_of(*make_rabbit("from: orders\nrabbitmq: {exchange: e, declare: fanout}\n")).declare,
            "fanout");
}

TEST(PublishRabbit, FieldsAskForTheDocuments) {
  const auto subscription = [](const std::string& key) {
    return make_rabbit("from: orders\nrabbitmq: {exchange: e, routing_key: '" + key + "'}\n")
        ->subscriptions()
        .at(0);
  };
  EXPECT_EQ(subscription("{customer}").full_document, FullDocument::required);
  EXPECT_EQ(subscription("{customer}").before, BeforeImage::required);
  EXPECT_NE(subscription("{id}").full_document, FullDocument::required);
}

class RabbitMessageOf : public testing::Test {
 protected:
  RabbitMessageOf() {
    document_.open("_id").append("_data", "82AB").close().append("operationType", "insert");
    document_.open("documentKey").append("_id", 7).close();
    document_.open("fullDocument").append("_id", 7).append("customer", "c.1").close();
    document_.open("ns").append("db", "shop").append("coll", "orders").close();
    document_.append_timestamp("clusterTime", (std::uint64_t{17} << 32) + 3).append_date("wallTime", 1'500);
    EXPECT_TRUE(parse_event(document_.finish(), event_));
  }
  const Effect& effect(const std::string& settings) {
    rule_ = make_rabbit(settings);
    effects_.clear();
    Effects out(effects_, arena_);
    rule_->apply(event_, out);
    return effects_.at(0);
  }
  const Message& message(const std::string& settings) {
    return *std::get<Deliver>(effect(settings).body).message;
  }
  std::string reason(const std::string& settings) { return std::get<Reject>(effect(settings).body).reason; }

  bson::Builder document_;
  ChangeEvent event_;
  std::unique_ptr<Rule> rule_;
  Arena arena_;
  std::vector<Effect> effects_;
};

TEST_F(RabbitMessageOf, NamesItsExchangeRoutingKeyAndItself) {
  const Message& made =
      message("from: orders\nrabbitmq: {exchange: 'x.{db}', routing_key: '{customer}.{id}'}\n");
  EXPECT_EQ(made.address, "x.shop");
  EXPECT_EQ(made.key, "c.1.7");
  EXPECT_EQ(made.id, "82AB");
  EXPECT_EQ(made.headers,
            "Sluice-Operation: insert\nSluice-Namespace: shop.orders\nSluice-Cluster-Time: 17.3\n"
            "Sluice-Message-Id: 82AB");
  EXPECT_EQ(message("from: orders\nrabbitmq: {exchange: e}\n").key, "orders.insert");
  EXPECT_EQ(message("from: orders\nheaders: none\nrabbitmq: {exchange: e}\n").headers, "");
}

/// The routing key is hashed, and the partition's number takes its place.
TEST_F(RabbitMessageOf, GoesToAPartitionOfASuperStream) {
  const auto key = [&](const std::string& more) {
    return std::string(message("from: orders\nrabbitmq: {exchange: e, partitions: 3" + more + "}\n").key);
  };
  EXPECT_EQ(key(", routing_key: hello1"), "1");
  EXPECT_EQ(key(", routing_key: hello10"), "2");
  EXPECT_EQ(key(", routing_key: " + std::string(300, 'x')).size(), 1U);
  EXPECT_EQ(key(""), key(", routing_key: '{id}'"));
}

TEST_F(RabbitMessageOf, HasItsContentType) {
  const auto type = [&](const std::string& format) {
    effect("from: orders\nformat: " + format + "\nrabbitmq: {exchange: e}\n");
    return rabbit_plan_of(*rule_).content_type;
  };
  EXPECT_EQ(type("relaxed"), "application/json");
  EXPECT_EQ(type("bson"), "application/bson");
  EXPECT_EQ(type("cloudevents"), "application/cloudevents+json");
}

TEST_F(RabbitMessageOf, TheOrderIsThatOfTheDocument) {
  const auto key = effect("from: orders\nrabbitmq: {exchange: e, routing_key: '{customer}'}\n").key;
  bson::Builder other;
  event_.id = other.append("_id", 8).finish().at("_id");
  EXPECT_NE(effect("from: orders\nrabbitmq: {exchange: e, routing_key: '{customer}'}\n").key, key);
}

TEST_F(RabbitMessageOf, ARoutingKeyOfAFieldNeedsTheDocument) {
  event_.operation = Operation::remove;
  event_.full_document = {};
  EXPECT_NE(
      reason("from: orders\nrabbitmq: {exchange: e, routing_key: '{customer}'}\n").find("hold the document"),
      std::string::npos);
}

TEST_F(RabbitMessageOf, WhatAmqpCannotCarryIsADeadLetter) {
  const std::string long_name(250, 'x');
  event_.collection = long_name;
  EXPECT_TRUE(std::holds_alternative<Deliver>(
      effect("from: orders\nrabbitmq: {exchange: e, routing_key: '{coll}'}\n").body));
  EXPECT_NE(reason("from: orders\nrabbitmq: {exchange: e}\n").find("255 bytes"), std::string::npos);
  EXPECT_NE(reason("from: orders\nrabbitmq: {exchange: '{none}', routing_key: k}\n").find("empty"),
            std::string::npos)
      << "it would go to the default exchange";
}

}  // namespace
}  // namespace sluice::rules
