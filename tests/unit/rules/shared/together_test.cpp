#include "rules/shared/together.hpp"

#include <gtest/gtest.h>

#include "unit/refusal.hpp"
#include "unit/rules/realworld.hpp"

namespace sluice::rules {
namespace {

/// The sentence with which two rules are refused, or "".
std::string refusal(const RuleConfig& one, const RuleConfig& other) {
  return test::refusal_of([&] { make_rules({"main", "mongodb://nowhere", "db", {one, other}}); });
}

RuleConfig publish(const std::string& name, const std::string& more) {
  return test::rule_config(name, "publish", "{from: users, stream: " + name + "," + more + "}");
}

RuleConfig count() {
  return test::rule_config("n", "count", "{from: users, reference: team.id, into: teams, field: n}");
}

RuleConfig embed() {
  return test::rule_config(
      "e", "embed", "{from: teams, into: [{collection: users, reference: teamId, set: {name: team.name}}]}");
}

TEST(RulesTogether, MayReadACollectionInDifferentWays) {
  EXPECT_EQ(refusal(publish("a", "operations: [insert], before: required"),
                    publish("b", "fields: [x], where: $fullDocument.x, full_document: updateLookup")),
            "");
  EXPECT_EQ(refusal(publish("a", "full_document: required"), publish("b", "full_document: whenAvailable")),
            "");
  EXPECT_EQ(refusal(publish("a", "redact: [password]"), count()), "");
  EXPECT_EQ(refusal(publish("a", "redact: [password]"), publish("b", "before: off")), "");
  EXPECT_EQ(refusal(publish("a", "project: [team, name]"), count()), "");
  EXPECT_EQ(refusal(publish("a", "redact: [x], fields: [x]"), count()), "");
}

TEST(RulesTogether, AreServedOneKindOfFullDocument) {
  const std::string sentence =
      "test.yaml:1:25: the server looks up documents (updateLookup) for a whole stream or not at all, and "
      "rule 'a' requires the opposite; put the two rules into different streams";
  EXPECT_EQ(refusal(publish("a", "full_document: updateLookup"), publish("b", "full_document: required")),
            sentence);
  EXPECT_EQ(
      refusal(publish("a", "full_document: whenAvailable"), publish("b", "full_document: updateLookup")),
      sentence);
}

TEST(RulesTogether, ReadNothingThatOneOfThemKeepsBack) {
  EXPECT_EQ(refusal(publish("a", "redact: [team]"), count()),
            "test.yaml:1:25: 'team' of users is redacted here, but rule 'n' reads 'team.id'; put the two "
            "rules into "
            "different streams");
  EXPECT_EQ(refusal(count(), publish("a", "redact: [team.id.x]")),
            "test.yaml:1:25: 'team.id.x' of users is redacted here, but rule 'n' reads 'team.id'; put the "
            "two rules "
            "into different streams");
  EXPECT_EQ(
      refusal(embed(), publish("a", "redact: [team]")),
      "test.yaml:1:25: 'team' of users is redacted here, but rule 'e' reads 'team.name'; put the two rules "
      "into different streams");
  EXPECT_EQ(refusal(publish("a", "redact: [x]"), publish("b", "fields: [x.y]")),
            "test.yaml:1:25: 'x' of users is redacted here, but rule 'b' reads 'x.y'; put the two rules into "
            "different streams");
}

TEST(RulesTogether, ReadNothingThatIsNotSentForOneOfThem) {
  EXPECT_EQ(refusal(publish("a", "project: [name]"), count()),
            "test.yaml:1:25: 'team.id' of users is not sent for this rule, but rule 'n' reads it; put the "
            "two rules "
            "into different streams");
  EXPECT_EQ(
      refusal(publish("a", "project: [name]"), publish("b", "before: off")),
      "test.yaml:1:25: of users only a part is sent for this rule, and rule 'b' reads the whole; put the two "
      "rules into different streams");
  EXPECT_EQ(refusal(publish("a", "project: [name]"), publish("b", "project: [name, age]")),
            "test.yaml:1:25: 'age' of users is not sent for this rule, but rule 'b' reads it; put the two "
            "rules into "
            "different streams");
  EXPECT_EQ(refusal(publish("a", "project: [name]"), publish("b", "project: [name]")), "");
}

/// A collection that both match would be narrowed in two ways.
TEST(RulesTogether, PatternsThatMayMatchOneCollectionNarrowItAlike) {
  const auto matching = [](const std::string& name, const std::string& from, const std::string& more) {
    return test::rule_config(name, "publish", "{from: " + from + ", stream: " + name + more + "}");
  };
  const std::string why = refusal(matching("a", "'user*'", ", redact: [x]"), publish("b", ""));
  EXPECT_NE(why.find("'user*' and 'users' of rule 'b' may match the same collection"), std::string::npos)
      << why;
  EXPECT_NE(
      refusal(matching("a", "'user*'", ""), matching("b", "'users*'", ", project: [x]")).find("may match"),
      std::string::npos);
  EXPECT_EQ(refusal(matching("a", "'user*'", ", redact: [x]"), matching("b", "'users*'", ", redact: [x]")),
            "");
  EXPECT_EQ(refusal(matching("a", "'user*'", ", redact: [x]"), matching("b", "'order*'", "")), "");
  EXPECT_EQ(refusal(matching("a", "['*', '!users']", ", redact: [x]"), publish("b", "")), "");
  EXPECT_EQ(refusal(matching("a", "'user*'", ""), matching("b", "'*'", "")), "");
}

}  // namespace
}  // namespace sluice::rules
