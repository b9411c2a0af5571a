#include "rules/registry.hpp"

#include <gtest/gtest.h>

#include "unit/refusal.hpp"
#include "unit/rules/realworld.hpp"

namespace sluice::rules {
namespace {

StreamConfig with(const std::string& kind, const std::string& yaml) {
  return {"main", "mongodb://nowhere", "db", {test::rule_config("my rule", kind, yaml)}};
}

std::string refusal(const StreamConfig& stream) {
  return test::refusal_of([&] { make_rules(stream); });
}

TEST(Registry, MakesTheRulesInTheOrderOfTheFile) {
  const auto rules = test::realworld_rules();
  ASSERT_EQ(rules.size(), 3U);
  EXPECT_EQ(rules[0]->name(), "author-copies");
  EXPECT_EQ(rules[1]->name(), "favorites-count");
  EXPECT_EQ(rules[2]->name(), "tag-tally");
}

TEST(Registry, KnowsItsKinds) {
  EXPECT_EQ(kinds(), (std::vector<std::string>{"embed", "count", "tally", "publish", "webhook", "write",
                                               "event_store", "cache"}));
}

TEST(Registry, HintsAtTheNearestKind) {
  EXPECT_EQ(refusal(with("cuont", "{a: 1}")),
            "test.yaml:1:1: rule 'my rule' has the unknown kind 'cuont'; did you mean 'count'?");
  EXPECT_EQ(refusal(with("teleport", "{a: 1}")),
            "test.yaml:1:1: rule 'my rule' has the unknown kind 'teleport'");
}

TEST(Registry, RefusesSettingsThatNoRuleAskedFor) {
  const std::string why = refusal(with("tally", "{from: a, field: t, into: tags, count: n, drop: true}"));
  EXPECT_NE(why.find("drop"), std::string::npos) << why;
}

TEST(Registry, SaysWhatIsWrongWithEachRule) {
  StreamConfig stream = with("count", "{form: a}");
  stream.rules.push_back(test::rule_config("other", "cuont", "{a: 1}"));
  EXPECT_EQ(refusal(stream),
            "test.yaml:1:1: 'into' is missing here\n"
            "test.yaml:1:1: rule 'other' has the unknown kind 'cuont'; did you mean 'count'?");
}

TEST(Registry, KeepsTheKeysOfCollectionsApart) {
  EXPECT_NE(key_seed("db", "a"), key_seed("db", "b"));
  EXPECT_NE(key_seed("db", "a"), key_seed("bd", "a"));
  EXPECT_EQ(key_seed("db", "a"), key_seed("db", "a"));
}

}  // namespace
}  // namespace sluice::rules
