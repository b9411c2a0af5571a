#include "pipeline/triggers.hpp"

#include <gtest/gtest.h>

#include "config/names.hpp"

namespace sluice::pipeline {
namespace {

using Names = std::vector<std::string>;

StreamConfig stream() {
  StreamConfig made;
  made.name = "s";
  made.uri = "mongodb://here";
  made.database = "d";
  return made;
}

Trigger trigger(const std::string& name, const std::string& stream = "s", const std::string& kind = "count") {
  return {stream, name, "text",
          "name: " + name + "\n" + kind + ": {from: a, into: b, reference: c, field: " + name + "}", 0};
}

struct Made {
  std::vector<StreamConfig> streams;
  Names left_out;
  std::vector<std::string> reasons;
};

Made made_of(const std::vector<Trigger>& triggers) {
  Made made;
  made.streams = with_triggers({stream()}, triggers, [&](const Trigger& refused, const std::string& why) {
    made.left_out.push_back(refused.name);
    made.reasons.push_back(why);
  });
  return made;
}

TEST(Triggers, BecomeAStreamOfTheirOwnOnTheSameDatabase) {
  const Made made = made_of({trigger("one"), trigger("two")});
  ASSERT_EQ(made.streams.size(), 2u);
  const StreamConfig& own = made.streams[1];
  EXPECT_EQ(own.name, trigger_stream_name("s"));
  EXPECT_EQ(own.uri, "mongodb://here");
  EXPECT_EQ(own.database, "d");
  EXPECT_TRUE(own.of_triggers);
  ASSERT_EQ(own.rules.size(), 2u);
  EXPECT_EQ(own.rules[0].name, "one");
  EXPECT_EQ(own.rules[1].name, "two");
  EXPECT_EQ(made.left_out, Names{});
}

TEST(Triggers, NoFileCanCallAStreamLikeTheirs) {
  EXPECT_NE(config::why_no_name(trigger_stream_name("s")), "");
}

TEST(Triggers, OfNoStreamOfTheFileAreNobodys) {
  EXPECT_EQ(made_of({trigger("one", "another")}).streams.size(), 1u);
}

TEST(Triggers, OneThatIsNoRuleIsLeftOut) {
  Trigger no_yaml = trigger("three");
  no_yaml.rule = "name: [";
  Trigger misspelt = trigger("four");
  misspelt.rule = "name: four\ncount: {form: a, into: b, reference: c, field: f}";
  const Made made = made_of({trigger("one"), trigger("two", "s", "no-such-kind"), no_yaml, misspelt,
                             trigger("one"), trigger("last")});
  EXPECT_EQ(made.left_out, (Names{"two", "three", "four", "one"}));
  ASSERT_EQ(made.streams.size(), 2u);
  EXPECT_EQ(made.streams[1].rules.size(), 2u);
  EXPECT_NE(made.reasons[2].find("from"), std::string::npos) << made.reasons[2];
}

/// Partitions read other documents, so one is left out that orders changes of different documents.
TEST(Triggers, OneThatSeveralPartitionsCannotKeepInOrderIsLeftOut) {
  Trigger mirror = trigger("mirror");
  mirror.rule = "name: mirror\nwrite: {from: a, into: b, mode: upsert, id: NEW.user, values: NEW}";
  std::string why;
  const auto complain = [&](const Trigger&, const std::string& reason) { why = reason; };
  EXPECT_EQ(trigger_stream(stream(), {trigger("one"), mirror}, complain, 1).rules.size(), 2u);
  EXPECT_EQ(why, "");
  EXPECT_EQ(trigger_stream(stream(), {trigger("one"), mirror}, complain, 8).rules.size(), 1u);
  EXPECT_NE(why.find("'id' of rule 'mirror'"), std::string::npos) << why;
}

TEST(Triggers, WithoutASoundOneThereIsNoStream) {
  const Made made = made_of({trigger("two", "s", "no-such-kind")});
  EXPECT_EQ(made.streams.size(), 1u);
  EXPECT_EQ(made.left_out, Names{"two"});
}

TEST(Triggers, TheRuleMayStandAsAnItemOfAList) {
  Trigger one = trigger("one");
  one.rule = "- name: one\n  count: {from: a, into: b, reference: c, field: f}\n";
  EXPECT_EQ(rule_of_trigger(one).kind, "count");
  one.rule += "- name: two\n  count: {from: a, into: b, reference: c, field: g}\n";
  EXPECT_THROW(rule_of_trigger(one), ConfigError);
}

}  // namespace
}  // namespace sluice::pipeline
