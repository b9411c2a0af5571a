#include "unit/rules/rule_fixture.hpp"

namespace sluice::test {
namespace {

class WriteRuleTest : public RuleTest {
 protected:
  /// An event with what the server would have made for the rule.
  Texts made(EventJson json, const std::string& parts) {
    const std::string name = rule().subscriptions().front().made_name;
    std::string text = json.text();
    text.insert(text.size() - 1, ", \"sluiceMade\": {\"" + name + "\": " + parts + "}");
    ChangeEvent event;
    EXPECT_TRUE(parse_event(store_.document(text), event));
    effects_.clear();
    Effects out(effects_, arena_);
    rule().apply(event, out);
    Texts texts;
    for (const Effect& effect : effects_) texts.push_back(std::visit(Tell{}, effect.body));
    return texts;
  }
};

TEST_F(WriteRuleTest, AnInsertedDocumentHasAnIdThatItsEventGives) {
  make("write", "{from: items, into: notes, values: {a: NEW.a}}");
  const Texts once = made(inserted("items", "1", "{}"), R"({"values": {"a": 1}})");
  ASSERT_EQ(once.size(), 1U);
  EXPECT_EQ(once[0].find(R"(put notes {"$oid":"00000005)"), 0U) << once[0];
  EXPECT_EQ(made(inserted("items", "1", "{}"), R"({"values": {"a": 1}})"), once)
      << "read again, it is the same";
  EventJson other = inserted("items", "1", "{}");
  other.token = "8202";
  EXPECT_NE(made(other, R"({"values": {"a": 1}})"), once);
}

TEST_F(WriteRuleTest, WhatIsWrittenForOneDocumentGoesThroughOneLane) {
  make("write", "{from: items, into: notes, values: {a: NEW.a}}");
  made(inserted("items", "1", "{}"), R"({"values": {}})");
  const std::uint64_t key = effects_.at(0).key;
  made(inserted("items", "1.0", "{}"), R"({"values": {"b": 2}})");
  EXPECT_EQ(effects_.at(0).key, key);
}

TEST_F(WriteRuleTest, OtherwiseTheIdIsTheDocumentsOrWhatTheSettingsSay) {
  make("write", "{from: items, into: notes, mode: upsert, values: NEW}");
  EXPECT_EQ(made(inserted("items", "7", "{}"), R"({"values": {"_id": 7, "a": 1}})"),
            Texts{R"(put notes 7 { "a" : 1 })"});
  make("write", "{from: items, into: notes, mode: delete, id: NEW.parent}");
  EXPECT_EQ(made(inserted("items", "7", "{}"), R"({"id": "p"})"), Texts{R"(put notes "p" null)"});
}

TEST_F(WriteRuleTest, NothingIsWrittenUnderAnIdThatIsNone) {
  make("write", "{from: items, into: notes, mode: delete, id: NEW.parent}");
  for (const char* id : {"null", "[1]", R"({"$regularExpression": {"pattern": "a", "options": ""}})"}) {
    EXPECT_EQ(made(inserted("items", "7", "{}"), R"({"id": )" + std::string(id) + "}"), Texts{"reject 2"})
        << id;
  }
  EXPECT_EQ(made(inserted("items", "7", "{}"), "{}"), Texts{"reject 2"});
}

TEST_F(WriteRuleTest, AsksForTheImagesThatItsExpressionsRead) {
  make("write", "{from: items, into: notes, when: OLD.a = 1, values: {b: NEW.b}}");
  const Subscription one = rule().subscriptions().front();
  EXPECT_EQ(one.full_document, FullDocument::required);
  EXPECT_EQ(one.before, BeforeImage::required);
  make("write", "{from: items, operations: [insert], into: notes, when: NEW.a = 1, values: {b: NEW.b}}");
  const Subscription inserts = rule().subscriptions().front();
  EXPECT_EQ(inserts.full_document, FullDocument::off);
  EXPECT_EQ(inserts.before, BeforeImage::off);
  make("write",
       "{from: items, into: notes, full_document: updateLookup, before: ifKept, values: {b: NEW.b, c: "
       "OLD.c}}");
  EXPECT_EQ(rule().subscriptions().front().full_document, FullDocument::look_up);
  EXPECT_EQ(rule().subscriptions().front().before, BeforeImage::if_kept);
}

TEST_F(WriteRuleTest, AChangedExpressionIsAnotherRule) {
  make("write", "{from: items, into: notes, values: {b: NEW.b}}");
  const auto before = rule().subscriptions().front().made;
  make("write", "{from: items, into: notes, values: {b: NEW.c}}");
  EXPECT_NE(rule().subscriptions().front().made, before);
}

struct BadWrite {
  const char* settings;
  const char* said;
};
class BadWrites : public RuleTest, public testing::WithParamInterface<BadWrite> {};

TEST_P(BadWrites, AreRefusedWithTheirReason) {
  const std::string said = refusal("write", GetParam().settings);
  EXPECT_NE(said.find(GetParam().said), std::string::npos) << said;
}

INSTANTIATE_TEST_SUITE_P(
    Write, BadWrites,
    testing::Values(
        BadWrite{"{from: items, into: notes}", "'values' is missing"},
        BadWrite{"{from: items, values: {a: 1}}", "'into' is missing"},
        BadWrite{"{from: items, into: notes, values: {a: NEW.}}", "'values'"},
        BadWrite{"{from: items, into: notes, values: {a: 1}, when: NEW.a >}", "'when'"},
        BadWrite{"{from: items, into: notes, values: {a: 1}, when: {a: {risen_to: 1}}}", "rises_to"},
        BadWrite{"{from: items, into: notes, values: {a: 1}, pipeline: [{$set: {a: 1}}]}", "'mode'"},
        BadWrite{"{from: items, into: notes, mode: upsert, values: {a: 1}, pipeline: {$set: {a: 1}}}",
                 "list of stages"},
        BadWrite{"{from: items, into: items, values: {a: 1}}", "trigger it again"},
        BadWrite{"{from: items, into: items, mode: update, fields: [a.b], values: {a: 1}}",
                 "trigger it again"},
        BadWrite{"{from: items, into: items, mode: delete}", "trigger it again"},
        BadWrite{"{from: items, into: notes, values: {a: 1}, dedup: 5}", "unknown key 'dedup'"}));

TEST_F(WriteRuleTest, MayWriteIntoWhatItReadsWhereThatDoesNotConcernIt) {
  EXPECT_EQ(refusal("write", "{from: items, operations: [update], into: items, values: {a: 1}}"), "");
  EXPECT_EQ(refusal("write", "{from: items, fields: [b], mode: update, into: items, values: {a: 1}}"), "");
  EXPECT_EQ(refusal("write", "{from: items, operations: [insert], mode: delete, into: items}"), "");
}

using EventStoreTest = WriteRuleTest;

TEST_F(EventStoreTest, RecordsTheChangeWithBothImages) {
  make("event_store", "{from: items, into: events}");
  EventJson event = updated("items", "1", R"({"_id": 1, "a": 1})", description(R"({"a": 2})"));
  event.full = R"({"_id": 1, "a": 2})";
  const Texts told = made(event, "{}");
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].find("put events 1 "), 0U);
  const bson::View record = std::get<Put>(effects_.at(0).body).values;
  EXPECT_EQ(record.at("eventType").text(), "items.update");
  EXPECT_EQ(record.at_path("before.a").integer(), 1);
  EXPECT_EQ(record.at_path("after.a").integer(), 2);
  EXPECT_EQ(record.at_path("eventData.updatedFields.a").integer(), 2);
  EXPECT_EQ(record.at("timestamp").date_ms(), 5000);
  EXPECT_EQ(record.at_path("position.token._data").text(), "8201");
}

TEST_F(EventStoreTest, MayNameAggregateTypeAndDataItself) {
  make("event_store",
       "{from: items, into: events, aggregate: NEW.order, type: \"'Paid'\", data: {sum: NEW.sum}}");
  made(inserted("items", "1", "{}"), R"({"aggregate": "o", "type": "Paid", "data": {"sum": 3}})");
  const auto& put = std::get<Put>(effects_.at(0).body);
  EXPECT_EQ(put.id.text(), "o");
  EXPECT_EQ(put.values.at("eventType").text(), "Paid");
  EXPECT_EQ(put.values.at_path("eventData.sum").integer(), 3);
  EXPECT_EQ(made(inserted("items", "1", "{}"), R"({"aggregate": null})"), Texts{"reject 2"});
}

TEST_F(EventStoreTest, DoesNotStoreItsOwnEvents) {
  EXPECT_NE(
      refusal("event_store", "{from: [items, events], into: events}").find("cannot be stored in itself"),
      std::string::npos);
}

}  // namespace
}  // namespace sluice::test
