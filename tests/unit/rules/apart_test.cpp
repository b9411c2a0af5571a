#include "rules/apart.hpp"

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

TEST(CallersApart, ATakenNameIsSaid) {
  EXPECT_THROW(told({stream("main", {hook("a")}), stream("main.a", {note("n")})}), ConfigError);
}

}  // namespace
}  // namespace sluice::test
