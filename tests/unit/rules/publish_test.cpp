#include <gtest/gtest.h>

#include "core/publish_plan.hpp"
#include "rules/registry.hpp"
#include "sluice/bson_builder.hpp"
#include "unit/refusal.hpp"

namespace sluice::rules {
namespace {

std::unique_ptr<Rule> make(const std::string& settings) {
  const RuleConfig config{"out", "publish", Settings::parse(settings, "f.yaml")};
  auto rule = make_publish(config, "shop");
  config.settings.done();
  return rule;
}

std::string refusal(const std::string& settings) {
  return test::refusal_of([&] { make(settings); });
}

std::vector<std::string> subjects(const std::string& settings) {
  const auto rule = make(settings);
  return dynamic_cast<const PublishPlan&>(*rule->deliveries().at(0)).stream.subjects;
}

TEST(PublishRule, TheStreamTakesWhatTheSubjectsBeginWith) {
  EXPECT_EQ(subjects("from: orders\nstream: S\n"), std::vector<std::string>{"S.>"});
  EXPECT_EQ(subjects("from: orders\n"), std::vector<std::string>{"shop.>"});
  EXPECT_EQ(subjects("from: orders\nstream: S\nsubject: 'a.b.x{op}.{id}'\n"),
            std::vector<std::string>{"a.b.>"});
  EXPECT_EQ(subjects("from: orders\nstream: S\nsubject: 'a.b'\n"), std::vector<std::string>{"a.b"});
  EXPECT_EQ(subjects("from: orders\nstream: S\nsubjects: ['x.>']\n"), std::vector<std::string>{"x.>"});
}

TEST(PublishRule, WhatCannotBeMeantIsRefusedWithItsPlace) {
  EXPECT_NE(refusal("from: orders\nstream: 'a.b'\n").find("f.yaml:2:1: 'a.b' cannot be the name"),
            std::string::npos)
      << refusal("from: orders\nstream: 'a.b'\n");
  EXPECT_NE(refusal("from: orders\nsubject: 'a..{id}'\n").find("is not a valid subject"), std::string::npos);
  EXPECT_NE(refusal("from: orders\nsubject: 'a.*.{id}'\n").find("is not a valid subject"), std::string::npos);
  EXPECT_NE(refusal("from: orders\nsubject: '{op}.{id}'\n").find("must begin with a fixed name"),
            std::string::npos);
  EXPECT_NE(refusal("from: orders\nsubject: '{id}'\n").find("must begin with a fixed name"),
            std::string::npos);
  EXPECT_NE(refusal("from: orders\nformat: xml\n").find("relaxed"), std::string::npos);
  EXPECT_NE(refusal("from: orders\nsnapshoot: first\n").find("did you mean 'snapshot'"), std::string::npos);
  EXPECT_NE(refusal("from: []\n").find("empty"), std::string::npos);
  EXPECT_NE(refusal("from: orders\nmax_age_s: 60\n").find("duplicate window"), std::string::npos);
}

TEST(PublishRule, AnOrderOfTheCollectionIsOneOfEverythingThatGoesToItsStream) {
  const auto in_order = [](const std::string& settings) {
    const auto rule = make(settings);
    return dynamic_cast<const PublishPlan&>(*rule->deliveries().at(0)).in_order;
  };
  EXPECT_FALSE(in_order("from: orders\n"));
  EXPECT_TRUE(in_order("from: orders\norder: collection\n"));
  EXPECT_EQ(make("from: orders\n")->fingerprint().find("in order"), std::string::npos);
  EXPECT_NE(make("from: orders\n")->fingerprint(), make("from: orders\norder: collection\n")->fingerprint());
  EXPECT_NE(refusal("from: orders\norder: id\n").find("document"), std::string::npos);
}

class PublishedMessage : public testing::Test {
 protected:
  PublishedMessage() {
    document_.open("_id").append("_data", "82AB").close().append("operationType", "insert");
    document_.open_array("sluiceWants").close().open("documentKey").append("_id", "a\"b").close();
    document_.open("fullDocument").append("_id", "a\"b").append("n", 1).close();
    document_.open("ns").append("db", "shop").append("coll", "orders").close();
    document_.append_timestamp("clusterTime", (std::uint64_t{17} << 32) + 3).append_date("wallTime", 1'500);
    EXPECT_TRUE(parse_event(document_.finish(), event_));
  }
  const Message& message(const std::string& settings) {
    rule_ = make(settings);
    effects_.clear();
    Effects out(effects_, arena_);
    rule_->apply(event_, out);
    return *std::get<Deliver>(effects_.at(0).body).message;
  }

  bson::Builder document_;
  ChangeEvent event_;
  std::unique_ptr<Rule> rule_;
  Arena arena_;
  std::vector<Effect> effects_;
};

TEST_F(PublishedMessage, OfAReplayHasAnIdOfItsRun) {
  event_.snapshot_run = "may";
  EXPECT_EQ(message("from: orders\n").id, "82AB-may");
  EXPECT_EQ(message("from: orders\nmessage_id: '{op}-x'\n").id, "insert-x-may");
  EXPECT_NE(message("from: orders\nformat: cloudevents\n").envelope.find(R"("id":"82AB-may")"),
            std::string::npos);
}

TEST_F(PublishedMessage, HoldsTheEventWithoutWhatIsOurs) {
  const Message& made = message("from: orders\nstream: S\n");
  EXPECT_EQ(made.address, "S.orders.insert.a\"b");
  EXPECT_EQ(made.id, "82AB");
  EXPECT_EQ(made.headers,
            "Sluice-Operation: insert\nSluice-Namespace: shop.orders\nSluice-Cluster-Time: 17.3");
  EXPECT_TRUE(made.payload.at("fullDocument"));
  EXPECT_FALSE(made.payload.at("sluiceWants"));
}

TEST_F(PublishedMessage, MayBeTheDocumentInAnEnvelope) {
  const Message& made = message("from: orders\nformat: cloudevents\npayload: document\n");
  EXPECT_EQ(made.payload.at("n").integer(), 1);
  EXPECT_EQ(
      made.envelope,
      R"({"specversion":"1.0","id":"82AB","source":"/mongodb/shop/orders","type":"mongodb.insert",)"
      R"("subject":"a\"b","time":"1970-01-01T00:00:01.500Z","datacontenttype":"application/json","data":)");
}

TEST_F(PublishedMessage, ADocumentThatIsGoneIsItsKey) {
  event_.full_document = {};
  EXPECT_EQ(message("from: orders\npayload: document\n").payload.json(), R"({ "_id" : "a\"b" })");
}

/// One document's messages go through one lane, another collection's need not.
TEST_F(PublishedMessage, TheKeyIsTheDocument) {
  message("from: orders\n");
  const auto key = effects_[0].key;
  event_.operation = Operation::remove;
  message("from: orders\nsubject: x.{op}\n");
  EXPECT_EQ(effects_[0].key, key);
  event_.collection = "items";
  message("from: orders\n");
  EXPECT_NE(effects_[0].key, key);
}

TEST_F(PublishedMessage, ASubjectThatIsTooLongIsADeadLetter) {
  const std::string id(3000, 'x');
  bson::Builder holder;
  event_.id = holder.append("_id", id.c_str()).finish().at("_id");
  rule_ = make("from: orders\n");
  Effects out(effects_, arena_);
  rule_->apply(event_, out);
  EXPECT_TRUE(std::holds_alternative<Reject>(effects_.at(0).body));
}

TEST(Publish, RefusesSubjectsThatAreNatssOwn) {
  const auto refusal = [](const std::string& subject) -> std::string {
    try {
      make_rules({"m",
                  "mongodb://nowhere",
                  "db",
                  {{"r", "publish", Settings::parse("{from: a, stream: S, " + subject + "}", "test.yaml")}}});
      return "accepted";
    } catch (const ConfigError& error) {
      return error.what();
    }
  };
  const std::string own = "are reserved for NATS; choose another prefix";
  EXPECT_EQ(refusal("subject: $JS.API.x"),
            "test.yaml:1:22: '$JS.API.x': subjects that begin with $JS " + own);
  EXPECT_EQ(refusal("subject: $KV.b.x"), "test.yaml:1:22: '$KV.b.x': subjects that begin with $KV " + own);
  EXPECT_EQ(refusal("subject: a.b, subjects: [a.>, $O.x]"),
            "test.yaml:1:36: '$O.x': subjects that begin with $O " + own);
  EXPECT_EQ(refusal("subject: $SYSTEM.x"), "accepted");
  EXPECT_EQ(
      refusal("subject: a.b, format: json"),
      "test.yaml:1:36: 'format' must be relaxed, canonical, bson or cloudevents, not 'json'; plain JSON "
      "is relaxed, which is the default");
}

TEST(PublishRule, DropsAndRenamesAreToldOnRequest) {
  const auto silent = make("from: orders\n")->subscriptions().at(0);
  EXPECT_FALSE(silent.drops || silent.renames);
  const auto told = make("from: orders\noperations: [insert, drop, rename]\n")->subscriptions().at(0);
  EXPECT_TRUE(told.drops && told.renames && told.inserts);
  EXPECT_FALSE(told.updates || told.deletes || told.replaces);
  EXPECT_NE(refusal("from: orders\noperations: [drops]\n").find("did you mean 'drop'"), std::string::npos)
      << refusal("from: orders\noperations: [drops]\n");
}

TEST_F(PublishedMessage, OfAWholeCollectionIsTheEventWithoutAnId) {
  const auto rule = make("from: orders\nstream: S\noperations: [drop]\npayload: document\n");
  bson::Builder document;
  document.open("_id").append("_data", "8201").close().append("operationType", "drop");
  ChangeEvent event;
  event.document = document.finish();
  event.operation = Operation::drop;
  event.database = "shop";
  event.collection = "orders";
  event.token_data = "8201";
  std::vector<Effect> all;
  Arena arena;
  Effects out(all, arena);
  rule->apply(event, out);
  ASSERT_EQ(all.size(), 1U);
  const Message message = *std::get<Deliver>(all[0].body).message;
  EXPECT_EQ(message.address, "S.orders.drop.%-");
  EXPECT_EQ(message.id, "8201");
  EXPECT_EQ(message.payload.at("operationType").text(), "drop");
  event.operation = Operation::drop_database;
  event.collection = "";
  rule->apply(event, out);
  const Message of_database = *std::get<Deliver>(all[1].body).message;
  EXPECT_EQ(of_database.address, "S.%.dropDatabase.%-");
  EXPECT_NE(of_database.headers.find("Sluice-Namespace: shop\n"), std::string::npos) << of_database.headers;
}

}  // namespace
}  // namespace sluice::rules
