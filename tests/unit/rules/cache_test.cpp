#include "core/cache_plan.hpp"

#include <gtest/gtest.h>

#include "unit/rules/rule_fixture.hpp"

namespace sluice::test {
namespace {

using namespace std::string_literals;

class CacheRules : public RuleTest {
 protected:
  /// "UNLINK key", "SET key value", "reject code"; sorted, for each key is a matter of its own.
  Texts keys_of(const EventJson& json) {
    Texts texts;
    for (const Effect& effect : apply(json)) texts.push_back(tell(effect));
    std::ranges::sort(texts);
    return texts;
  }
  Texts keys_of_key_only(const EventJson& json) {
    effects_.clear();
    Effects out(effects_, arena_);
    ChangeEvent event = parse(store_, json);
    event.detail = Detail::key_only;
    rule().apply_key_only(event, out);
    Texts texts;
    for (const Effect& effect : effects_) texts.push_back(tell(effect));
    std::ranges::sort(texts);
    return texts;
  }
  Subscription subscription(const std::string& yaml) {
    make("cache", yaml);
    return rule().subscriptions().at(0);
  }

 private:
  static std::string tell(const Effect& effect) {
    const auto* sent = std::get_if<Deliver>(&effect.body);
    if (sent == nullptr) return "reject " + std::to_string(std::get<Reject>(effect.body).code);
    const Message& message = *sent->message;
    std::string text = std::string(message.verb) + " " + std::string(message.address);
    if (message.payload) text += " " + message.payload.json();
    return message.text.empty() ? text : text + " " + std::string(message.text);
  }
};

/// What an update left, beside its pre-image.
EventJson updated_to(const std::string& before, const std::string& full, const std::string& changes) {
  EventJson event = updated("products", "7", before, description(changes));
  event.full = full;
  return event;
}

constexpr const char* by_category = R"({from: products, delete: ["product:{id}", "category:{category}"]})";
constexpr const char* whole = R"({from: products, refresh: {key: "product:{id}"}})";

TEST_F(CacheRules, AnInsertDropsTheKeysOfWhatIsNew) {
  make("cache", by_category);
  EXPECT_EQ(keys_of(inserted("products", "7", R"({"_id": 7, "category": "tea"})")),
            (Texts{"UNLINK category:tea", "UNLINK product:7"}));
}

TEST_F(CacheRules, AMoveDropsTheOldKeyAndTheNewOne) {
  make("cache", by_category);
  EXPECT_EQ(keys_of(updated("products", "7", R"({"_id": 7, "category": "tea"})",
                            description(R"({"category": "coffee"})"))),
            (Texts{"UNLINK category:coffee", "UNLINK category:tea", "UNLINK product:7"}));
  EXPECT_EQ(keys_of(replaced("products", "7", R"({"_id": 7, "category": "tea"})",
                             R"({"_id": 7, "category": "coffee"})")),
            (Texts{"UNLINK category:coffee", "UNLINK category:tea", "UNLINK product:7"}));
}

TEST_F(CacheRules, AKeyThatStaysIsDroppedOnce) {
  make("cache", by_category);
  EXPECT_EQ(
      keys_of(updated("products", "7", R"({"_id": 7, "category": "tea"})", description(R"({"price": 3})"))),
      (Texts{"UNLINK category:tea", "UNLINK product:7"}));
}

TEST_F(CacheRules, ADeleteDropsTheKeysOfWhatStood) {
  make("cache", by_category);
  EXPECT_EQ(keys_of(deleted("products", "7", R"({"_id": 7, "category": "tea"})")),
            (Texts{"UNLINK category:tea", "UNLINK product:7"}));
}

TEST_F(CacheRules, AFieldThatIsMissingMakesNoKey) {
  make("cache", by_category);
  EXPECT_EQ(keys_of(inserted("products", "7", R"({"_id": 7})")), (Texts{"UNLINK product:7"}));
  EXPECT_EQ(keys_of(updated("products", "7", R"({"_id": 7, "category": "tea"})",
                            description("{}", R"(["category"])"))),
            (Texts{"UNLINK category:tea", "UNLINK product:7"}));
}

/// Without the pre-image the old key is not known: the known ones go, and the event is set aside.
TEST_F(CacheRules, AnUnknownKeyIsADeadLetterAndNeverAWrongKey) {
  make("cache", by_category);
  EXPECT_EQ(keys_of(updated("products", "7", "", description(R"({"category": "coffee"})"))),
            (Texts{"UNLINK product:7", "reject 47"}));
  EXPECT_EQ(keys_of(deleted("products", "7", "")), (Texts{"UNLINK product:7", "reject 47"}));
  const auto& reject = std::get<Reject>(effects_.back().body);
  EXPECT_NE(std::string(reject.reason).find("drop the document's old keys by hand"), std::string::npos);
}

/// A full document that another rule had looked up may be newer than the event.
TEST_F(CacheRules, ALookedUpDocumentMakesNoKey) {
  make("cache", by_category);
  EXPECT_EQ(keys_of(updated_to(R"({"_id": 7, "category": "tea"})", R"({"_id": 7, "category": "later"})",
                               R"({"price": 3})")),
            (Texts{"UNLINK category:tea", "UNLINK product:7"}));
}

TEST_F(CacheRules, NamesWithDotsThatReadLikeThePathAreADeadLetter) {
  make("cache", R"({from: products, delete: ["brand:{brand.name}"]})");
  EXPECT_EQ(keys_of(updated("products", "7", R"({"_id": 7, "brand.name": "x", "brand": {"name": "y"}})",
                            description(R"({"brand.name": "z"})"))),
            (Texts{"UNLINK brand:y", "reject 57"}));
}

TEST_F(CacheRules, KeysMayHoldAnyByte) {
  make("cache", R"({from: products, delete: ["p:{name}:{_id}:{db}.{coll}"]})");
  EXPECT_EQ(keys_of(inserted("products", "7", R"({"_id": 7, "name": "50% *.>\n\u0000ä"})")),
            (Texts{"UNLINK p:50% *.>\n\0ä:7:conduit.products"s}));
}

TEST_F(CacheRules, TheEffectsKeyIsTheRedisKey) {
  make("cache", R"({from: [products, shops], delete: ["city:{city}"]})");
  keys_of(inserted("products", "7", R"({"_id": 7, "city": "Bonn"})"));
  const auto key = effects_.at(0).key;
  keys_of(inserted("shops", "8", R"({"_id": 8, "city": "Bonn"})"));
  EXPECT_EQ(effects_.at(0).key, key);
  keys_of(inserted("shops", "8", R"({"_id": 8, "city": "Trier"})"));
  EXPECT_NE(effects_.at(0).key, key);
}

TEST_F(CacheRules, RefreshKeepsTheDocument) {
  make("cache", whole);
  const std::string kept = R"(SET product:7 { "_id" : 7, "n" : 2 })";
  EXPECT_EQ(keys_of(inserted("products", "7", R"({"_id": 7, "n": 2})")), Texts{kept});
  EXPECT_EQ(keys_of(updated_to("", R"({"_id": 7, "n": 2})", R"({"n": 2})")), Texts{kept});
  EXPECT_EQ(keys_of(replaced("products", "7", "", R"({"_id": 7, "n": 2})")), Texts{kept});
  EXPECT_EQ(keys_of(deleted("products", "7", "")), Texts{"UNLINK product:7"});
}

/// A key that is not there is true; one with an old value is not.
TEST_F(CacheRules, WhatIsNotKnownIsNotKept) {
  make("cache", whole);
  EXPECT_EQ(keys_of(updated("products", "7", "", description(R"({"n": 2})"))), Texts{"UNLINK product:7"});
  EXPECT_EQ(keys_of_key_only(updated("products", "7", "", description("{}"))), Texts{"UNLINK product:7"});
  make("cache", by_category);
  EXPECT_EQ(keys_of_key_only(updated("products", "7", "", description("{}"))),
            (Texts{"UNLINK product:7", "reject 10334"}));
}

TEST_F(CacheRules, ARefreshedKeyThatMovesIsDroppedWhereItWas) {
  make("cache", R"({from: users, refresh: {key: "mail:{mail}", value: "{_id}/{name}"}})");
  EXPECT_EQ(keys_of(updated_to(R"({"_id": 7, "mail": "a@x"})", R"({"_id": 7, "mail": "b@x", "name": "Bo"})",
                               R"({"mail": "b@x", "name": "Bo"})")),
            (Texts{"SET mail:b@x 7/Bo", "UNLINK mail:a@x"}));
  EXPECT_EQ(
      keys_of(updated_to(R"({"_id": 7, "mail": "a@x"})", R"({"_id": 7, "mail": "a@x"})", R"({"n": 1})")),
      (Texts{"SET mail:a@x 7/"}));
  EXPECT_EQ(keys_of(updated_to(R"({"_id": 7, "mail": "a@x"})", R"({"_id": 7})", "{}")),
            (Texts{"UNLINK mail:a@x"}));
}

/// What the update did not touch is as it was, so nothing is missing.
TEST_F(CacheRules, AnUntouchedFieldIsKnownFromTheDocumentBehindTheUpdate) {
  make("cache", R"({from: users, refresh: {key: "mail:{mail}"}})");
  EXPECT_EQ(keys_of(updated_to("", R"({"_id": 7, "mail": "a@x"})", R"({"n": 1})")),
            (Texts{R"(SET mail:a@x { "_id" : 7, "mail" : "a@x" })"}));
  EXPECT_EQ(keys_of(updated_to("", R"({"_id": 7, "mail": "a@x"})", R"({"mail": "a@x"})")),
            (Texts{R"(SET mail:a@x { "_id" : 7, "mail" : "a@x" })", "reject 47"}));
}

TEST_F(CacheRules, AKeyThatIsKeptIsNotDroppedByTheSameRule) {
  make("cache", R"({from: users, delete: ["u:{id}", "all"], refresh: {key: "u:{id}", value: "{n}"}})");
  EXPECT_EQ(keys_of(inserted("users", "7", R"({"_id": 7, "n": 1})")), (Texts{"SET u:7 1", "UNLINK all"}));
  EXPECT_EQ(keys_of(deleted("users", "7", "")), (Texts{"UNLINK all", "UNLINK u:7"}));
}

TEST_F(CacheRules, TheWholeEventMayBeKept) {
  make("cache", R"({from: users, refresh: {key: "u:{id}", value: event}})");
  const Texts kept = keys_of(inserted("users", "7", R"({"_id": 7})"));
  EXPECT_NE(kept.at(0).find(R"("operationType" : "insert")"), std::string::npos) << kept.at(0);
}

TEST_F(CacheRules, AskForTheImagesThatTheyNeed) {
  EXPECT_EQ(subscription(R"({from: p, delete: "p:{id}"})").before, BeforeImage::off);
  EXPECT_FALSE(subscription(R"({from: p, delete: "p:{_id}"})").needs_images());
  EXPECT_EQ(subscription(R"({from: p, delete: "p:{a}"})").before, BeforeImage::when_available);
  EXPECT_EQ(subscription(R"({from: p, delete: "p:{a}", before: required})").before, BeforeImage::required);
  EXPECT_EQ(subscription(R"({from: p, delete: "p:{a}"})").full_document, FullDocument::off);
  EXPECT_EQ(subscription(whole).full_document, FullDocument::when_available);
  EXPECT_EQ(subscription(R"({from: p, full_document: required, refresh: {key: "{id}"}})").full_document,
            FullDocument::required);
}

/// An update of what a key is made of moves a document from one key to another.
TEST_F(CacheRules, FieldsOfKeysAndValuesCountAlways) {
  const auto one = subscription(R"({from: p, delete: ["p:{id}", "c:{cat.name}"], fields: [price]})");
  EXPECT_FALSE(one.any_field);
  EXPECT_EQ(one.fields, (Texts{"price", "cat.name"}));
  EXPECT_EQ(
      subscription(R"({from: p, fields: [a], refresh: {key: "p:{id}", value: "{name}: {price}"}})").fields,
      (Texts{"a", "name", "price"}));
}

TEST_F(CacheRules, WhatCannotBeMeantIsRefusedWithItsPlace) {
  const auto expect = [&](const std::string& yaml, const std::string& why) {
    const std::string said = refusal("cache", yaml);
    EXPECT_NE(said.find(why), std::string::npos) << yaml << "\n" << said;
    EXPECT_EQ(said.rfind("test.yaml:1:", 0), 0u) << said;
  };
  expect("{from: p}", "needs 'delete'");
  expect(R"({from: p, delete: "p:{op}"})", "a different key for each change");
  expect(R"({from: p, delete: ""})", "empty");
  expect(R"({from: p, delete: "p:{id"})", "without a closing }");
  expect(R"({from: p, refresh: {key: all}})", "the key of every document");
  expect(R"({from: p, refresh: {key: "{id}", value: documnet}})", "must be document, event");
  expect(R"({from: p, refresh: {key: "{id}", format: xml}})", "relaxed");
  expect(R"({from: p, refresh: {key: "{id}", tll_s: 5}})", "did you mean 'ttl_s'");
  expect(R"({from: p, fields: [a], refresh: {key: "{id}"}})", "would leave an outdated document");
  expect(R"({from: p, full_document: updateLookup, refresh: {key: "{id}"}})", "only whenAvailable");
  expect(R"({from: p, before: "off", delete: "c:{cat}"})", "old value would remain");
  expect(R"({from: p, redact: [cat], delete: "c:{cat.name}"})", "redacted here");
  expect(R"({from: p, project: [name], delete: "c:{cat}"})", "is not sent");
}

}  // namespace
}  // namespace sluice::test
