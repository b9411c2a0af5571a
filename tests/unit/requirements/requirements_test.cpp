#include "requirements/requirements.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "../bson/json.hpp"
#include "../rules/realworld.hpp"

namespace sluice::requirements {
namespace {

using Actions = std::vector<std::string>;

Actions actions_on(const std::vector<Access>& accesses, const std::string& collection) {
  Actions actions;
  for (const Access& access : accesses) {
    if (access.collection == collection) actions = access.actions;
  }
  return actions;
}

std::vector<Access> accesses_of_rule(const std::string& kind, const std::string& yaml) {
  const StreamConfig stream{"s", "", "d", {test::rule_config("r", kind, yaml)}};
  return accesses_of(*rules::make_rules(stream).front());
}

TEST(Needs, EachKindOfRuleTouchesItsTargetsInItsOwnWay) {
  const auto count = accesses_of_rule("count", "{from: f, reference: r, into: t, field: n}");
  EXPECT_EQ(actions_on(count, "t"), (Actions{"update"}));
  const auto tally = accesses_of_rule("tally", "{from: f, field: tags, into: t, count: n}");
  EXPECT_EQ(actions_on(tally, "t"), (Actions{"update", "insert", "remove"}));
  const auto embed =
      accesses_of_rule("embed", "{from: f, into: [{collection: t, reference: r, set: {a: b}}]}");
  EXPECT_EQ(actions_on(embed, "f"), (Actions{"find"}));
  EXPECT_EQ(actions_on(embed, "t"), (Actions{"find", "update"}));
}

TEST(Needs, OnlyWholeTargetsAreRemovedWithTheirSource) {
  const auto whole = accesses_of_rule(
      "embed", "{from: f, on_delete: delete, into: [{collection: t, reference: r, set: {a: b}}]}");
  EXPECT_EQ(actions_on(whole, "t"), (Actions{"find", "update", "remove"}));
  const auto element = accesses_of_rule(
      "embed",
      "{from: f, on_delete: delete, into: [{collection: t, reference: 'm[].r', set: {a: 'm[].b'}}]}");
  EXPECT_EQ(actions_on(element, "t"), (Actions{"find", "update"}));
}

TEST(Needs, AnIndexIsNeededOnce) {
  const auto config = test::realworld_config();
  auto twice = config;
  twice.rules.push_back(config.rules[0]);
  twice.rules.back().name = "again";
  EXPECT_EQ(indexes_of(rules::make_rules(config)).size(), 2U);
  EXPECT_EQ(indexes_of(rules::make_rules(twice)).size(), 2U);
}

TEST(Needs, AnIndexServesIfItBeginsWithTheFieldAndHoldsEveryDocument) {
  test::Store store;
  const auto served = [&](const std::string& index) { return serves(store.document(index), "a.b"); };
  EXPECT_TRUE(served(R"({"key":{"a.b":1}})"));
  EXPECT_TRUE(served(R"({"key":{"a.b":-1,"c":1}})"));
  EXPECT_TRUE(served(R"({"key":{"a.b":"hashed"}})"));
  EXPECT_FALSE(served(R"({"key":{"a":1}})"));
  EXPECT_FALSE(served(R"({"key":{"c":1,"a.b":1}})"));
  EXPECT_FALSE(served(R"({"key":{"a.b":"2dsphere"}})"));
  EXPECT_FALSE(served(R"({"key":{"a.b":1},"sparse":true})"));
  EXPECT_FALSE(served(R"({"key":{"a.b":1},"hidden":true})"));
  EXPECT_FALSE(served(R"({"key":{"a.b":1},"partialFilterExpression":{"x":1}})"));
  EXPECT_FALSE(served(R"({"key":{}})"));
}

TEST(Needs, LinesForTheShell) {
  EXPECT_EQ(create_index_line("d", {"my-things", "members.userId"}),
            R"(db.getSiblingDB("d").getCollection("my-things").createIndex({"members.userId": 1}))");
  EXPECT_EQ(
      enable_pre_images_line("d", "c"),
      R"(db.getSiblingDB("d").runCommand({collMod: "c", changeStreamPreAndPostImages: {enabled: true}}))");
  EXPECT_EQ(enable_pre_images_line("d", R"(it "is" \ one)"),
            R"(db.getSiblingDB("d").runCommand({collMod: "it \"is\" \\ one", changeStreamPreAndPostImages: )"
            R"({enabled: true}}))");
}

}  // namespace
}  // namespace sluice::requirements
