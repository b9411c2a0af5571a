#include <gtest/gtest.h>

#include "core/aws_plan.hpp"
#include "rules/registry.hpp"
#include "sluice/bson_builder.hpp"
#include "unit/refusal.hpp"

namespace sluice::rules {
namespace {

std::unique_ptr<Rule> make_aws(const std::string& settings) {
  const RuleConfig config{"out", "publish", Settings::parse(settings, "f.yaml")};
  auto rule = make_publish(config, "shop");
  config.settings.done();
  return rule;
}

const AwsPlan& aws_plan_of(const Rule& rule) {
  return dynamic_cast<const AwsPlan&>(*rule.deliveries().at(0));
}

TEST(PublishAws, TheTargetsOfNamedCollectionsAreKnown) {
  const auto targets = [](const std::string& settings) { return aws_plan_of(*make_aws(settings)).targets; };
  using Targets = std::vector<std::string>;
  EXPECT_EQ(targets("from: [orders, items]\nsqs: {queue: shop.fifo}\n"), (Targets{"shop.fifo"}));
  EXPECT_EQ(targets("from: [orders, items]\nsqs: {queue: '{db}-{coll}.fifo'}\n"),
            (Targets{"shop-orders.fifo", "shop-items.fifo"}));
  EXPECT_EQ(targets("from: 'o*'\nsqs: {queue: '{coll}.fifo'}\n"), Targets{});
  EXPECT_EQ(targets("from: orders\neventbridge: {}\n"), Targets{"default"});
}

TEST(PublishAws, WhatCannotBeMeantIsRefusedWithItsPlace) {
  const auto refused = [](const std::string& settings, const std::string& why) {
    const std::string said = test::refusal_of([&] { make_aws(settings); });
    EXPECT_NE(said.find(why), std::string::npos) << said;
  };
  refused("from: orders\nsqs: {}\n", "f.yaml:2:");
  refused("from: orders\nsqs: {}\n", "name the 'queue'");
  refused("from: orders\nsqs: {queue: orders}\n", "others keep no order");
  refused("from: orders\nsqs: {queue: 'https://sqs.eu-central-1.amazonaws.com/1/orders'}\n",
          "ends with .fifo");
  refused("from: orders\nsqs: {queue: or.ders.fifo}\n", "cannot be the name of a queue");
  refused("from: orders\nsqs: {queue: " + std::string(80, 'x') + ".fifo}\n", "cannot be the name of a queue");
  refused("from: orders\nsqs: {queue: a.fifo, group: ''}\n", "a FIFO queue needs a group");
  refused("from: orders\nsqs: {queue: a.fifo, grup: x}\n", "unknown key 'grup'");
  refused("from: orders\nsqs: {que: a.fifo}\n", "unknown key 'que'; allowed here: queue or group");
  refused("from: orders\nsqs: {queu: a.fifo}\n", "unknown key 'queu'; did you mean 'queue'?");
  refused("from: orders\nsns: {topik: a.fifo}\n", "unknown key 'topik'; did you mean 'topic'?");
  refused("from: orders\nsns: {topic: orders.fifo}\n", "not the ARN of a topic");
  refused("from: orders\nsns: {topic: 'arn:aws:sns:eu-central-1:1:orders'}\n", "others keep no order");
  refused("from: orders\neventbridge: {source: aws.mine}\n", "AWS's own");
  refused("from: orders\neventbridge: {detail_type: ''}\n", "1 to 128");
  refused("from: orders\neventbridge: {bus: 'a b'}\n", "neither the name nor the ARN");
  refused("from: orders\neventbridge: {}\norder: group\n", "unknown key 'order'");
  refused("from: orders\nsqs: {queue: a.fifo}\nformat: bson\n", "format");
  refused("from: orders\nsqs: {queue: a.fifo}\nkafka: {}\n", "make two rules");
  refused("from: orders\nsqs: {queue: a.fifo}\neventbridge: {}\n", "make two rules");
}

TEST(PublishAws, QueuesTopicsAndBusesByName) {
  for (const std::string target :
       {"sqs: {queue: 'https://sqs.eu-central-1.amazonaws.com/123456789012/orders.fifo'}",
        "sqs: {queue: 'http://127.0.0.1:5000/123456789012/orders.fifo'}",
        "sns: {topic: 'arn:aws:sns:eu-central-1:123456789012:orders.fifo'}",
        "eventbridge: {bus: shop.events}",
        "eventbridge: {bus: 'arn:aws:events:eu-central-1:123456789012:event-bus/shop'}"}) {
    EXPECT_EQ(aws_plan_of(*make_aws("from: orders\n" + target + "\n")).targets.size(), 1U) << target;
  }
}

TEST(PublishAws, FieldsAskForTheDocuments) {
  const auto subscription = [](const std::string& section) {
    return make_aws("from: orders\n" + section + "\n")->subscriptions().at(0);
  };
  EXPECT_EQ(subscription("sqs: {queue: a.fifo, group: '{customer}'}").full_document, FullDocument::required);
  EXPECT_EQ(subscription("eventbridge: {detail_type: '{kind}'}").before, BeforeImage::required);
  EXPECT_NE(subscription("sqs: {queue: a.fifo, group: '{id}'}").full_document, FullDocument::required);
}

TEST(PublishAws, TheOrderOfAGroupIsPromisedOnRequest) {
  const auto order = [](const std::string& more) {
    return make_aws("from: orders\nsqs: {queue: a.fifo, group: '{coll}'}\n" + more)
        ->orders_across_documents_by();
  };
  EXPECT_EQ(order(""), nullptr);
  EXPECT_STREQ(order("order: group\n"), "order");
}

class AwsMessageOf : public testing::Test {
 protected:
  AwsMessageOf() {
    document_.open("_id").append("_data", "82AB").close().append("operationType", "insert");
    document_.open("documentKey").append("_id", 7).close();
    document_.open("fullDocument").append("_id", 7).append("customer", "c.1").close();
    document_.open("ns").append("db", "shop").append("coll", "orders").close();
    document_.append_timestamp("clusterTime", (std::uint64_t{17} << 32) + 3).append_date("wallTime", 1'500);
    EXPECT_TRUE(parse_event(document_.finish(), event_));
  }
  const Effect& effect(const std::string& settings) {
    rule_ = make_aws(settings);
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

TEST_F(AwsMessageOf, TheGroupIsTheDocumentsIdUnlessStated) {
  const Message& made = message("from: orders\nsqs: {queue: '{db}-{coll}.fifo'}\n");
  EXPECT_EQ(made.address, "shop-orders.fifo");
  EXPECT_EQ(made.key, R"({"$numberInt":"7"})");
  EXPECT_EQ(made.id, "82AB");
  EXPECT_EQ(made.headers,
            "Sluice-Operation: insert\nSluice-Namespace: shop.orders\nSluice-Cluster-Time: 17.3\n"
            "Sluice-Message-Id: 82AB");
  EXPECT_EQ(message("from: orders\nsqs: {queue: a.fifo, group: '{customer}'}\n").key, "c.1");
  EXPECT_EQ(message("from: orders\nheaders: none\nsqs: {queue: a.fifo}\n").headers, "");
}

TEST_F(AwsMessageOf, EventBridgeHasSourceAndDetailType) {
  const Message& made = message("from: orders\neventbridge: {}\n");
  EXPECT_EQ(made.address, "default");
  EXPECT_EQ(made.key, "sluice.shop");
  EXPECT_EQ(made.headers, "Detail-Type: orders.insert");
}

/// All messages of a group pass through one lane; those of EventBridge go by their document.
TEST_F(AwsMessageOf, TheOrderIsThatOfTheGroup) {
  const std::string by_customer = "from: orders\nsqs: {queue: e.fifo, group: '{customer}'}\n";
  const std::string bus = "from: orders\neventbridge: {}\n";
  const auto of_group = effect(by_customer).key;
  const auto of_document = effect(bus).key;
  bson::Builder other;
  event_.id = other.append("_id", 8).finish().at("_id");
  EXPECT_EQ(effect(by_customer).key, of_group);
  EXPECT_NE(effect(bus).key, of_document);
}

TEST_F(AwsMessageOf, WhatAwsDoesNotAcceptIsADeadLetter) {
  event_.collection = "or.ders";
  EXPECT_NE(reason("from: 'o*'\nsqs: {queue: '{coll}.fifo'}\n").find("name of the message's queue"),
            std::string::npos);
  event_.collection = std::string_view("x");
  EXPECT_NE(reason("from: x\neventbridge: {source: '{none}'}\n").find("source"), std::string::npos);
  EXPECT_NE(reason("from: x\neventbridge: {detail_type: '{none}'}\n").find("detail-type"), std::string::npos);
  event_.operation = Operation::remove;
  event_.full_document = {};
  EXPECT_NE(reason("from: x\nsqs: {queue: a.fifo, group: '{customer}'}\n").find("hold the document"),
            std::string::npos);
}

}  // namespace
}  // namespace sluice::rules
