#include "rules/shared/apart.hpp"

#include "unit/rules/realworld.hpp"

namespace sluice::test {
namespace {

StreamConfig stream(const std::string& name, std::vector<RuleConfig> rules) {
  return {name, "mongodb://nowhere", "db", std::move(rules)};
}

RuleConfig hook(const std::string& name) {
  return rule_config(name, "webhook", "{from: items, url: 'http://localhost/x'}");
}

RuleConfig note(const std::string& name) {
  return rule_config(name, "write", "{from: items, into: notes, values: {a: 1}}");
}

std::vector<std::string> told(std::vector<StreamConfig> streams) {
  std::vector<std::string> all;
  for (const StreamConfig& one : rules::with_callers_apart(std::move(streams))) {
    std::string text = one.name + ":";
    for (const RuleConfig& rule : one.rules) text += " " + rule.name;
    all.push_back(text);
  }
  return all;
}

using Texts = std::vector<std::string>;

TEST(CallersApart, EachHasAStreamOfItsOwn) {
  EXPECT_EQ(told({stream("main", {hook("a"), note("n"), hook("b"), note("m")})}),
            (Texts{"main: n m", "main.a: a", "main.b: b"}));
}

TEST(CallersApart, AStreamOfCallersAloneIsNoMore) {
  EXPECT_EQ(told({stream("main", {hook("a")}), stream("other", {note("n")})}),
            (Texts{"other: n", "main.a: a"}));
}

RuleConfig news(const std::string& name) {
  return rule_config(name, "publish", "{from: items, stream: S, message_id: '" + name + "-{token}'}");
}

/// Publishing rules share a server, so they share a stream; the others do not wait for it.
TEST(CallersApart, PublishingRulesLeaveAStreamThatHasOthers) {
  const auto rules = {news("a"), note("n"), news("b"), hook("h")};
  EXPECT_EQ(told({stream("main", rules), stream("other", {note("m")})}),
            (Texts{"main: n", "main:publish: a b", "other: m", "main.h: h"}));
}

TEST(CallersApart, AStreamThatOnlyPublishesStaysAsItIs) {
  EXPECT_EQ(told({stream("main", {news("a"), news("b")})}), (Texts{"main: a b"}));
  EXPECT_EQ(told({stream("main", {news("a"), hook("h")})}), (Texts{"main: a", "main.h: h"}));
}

/// Both know what they were, and splitting them again changes nothing.
TEST(CallersApart, BothPartsKnowTheWhole) {
  const auto once = rules::with_callers_apart({stream("main", {news("a"), note("n")})});
  const auto twice = rules::with_callers_apart(once);
  ASSERT_EQ(twice.size(), 2U);
  for (const StreamConfig& one : twice) {
    ASSERT_TRUE(one.split);
    EXPECT_EQ(one.split->maintaining, "main");
    EXPECT_EQ(one.split->publishing, "main:publish");
    ASSERT_EQ(one.split->stated.size(), 2U);
    EXPECT_EQ(one.split->stated.front().name, "a") << "in the order of the file";
  }
}

TEST(CallersApart, ATakenNameIsSaid) {
  EXPECT_THROW(told({stream("main", {hook("a")}), stream("main.a", {note("n")})}), ConfigError);
}

}  // namespace
}  // namespace sluice::test
