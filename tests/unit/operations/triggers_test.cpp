#include "operations/triggers.hpp"

#include <gtest/gtest.h>

#include "config/names.hpp"
#include "rules/shared/apart.hpp"

namespace sluice::operations {
namespace {

using Names = std::vector<std::string>;

StreamConfig stream() {
  StreamConfig made;
  made.name = "s";
  made.uri = "mongodb://here";
  made.database = "d";
  return made;
}

checkpoint::Trigger trigger(const std::string& name, const std::string& stream = "s",
                            const std::string& kind = "count") {
  return {stream, name, "text",
          "name: " + name + "\n" + kind + ": {from: a, into: b, reference: c, field: " + name + "}", 0};
}

struct Made {
  std::vector<StreamConfig> streams;
  Names left_out;
  std::vector<std::string> reasons;
};

Made made_of(const std::vector<checkpoint::Trigger>& triggers, const RelayConfig& relay = {}) {
  Made made;
  const auto complain = [&](const checkpoint::Trigger& refused, const std::string& why) {
    made.left_out.push_back(refused.name);
    made.reasons.push_back(why);
  };
  StreamConfig of_file = stream();
  if (relay)
    of_file.rules = {{"of file", "count", Settings::parse("{from: a, into: b, reference: c, field: d}")}};
  made.streams = with_triggers({of_file}, triggers, complain, 1, relay);
  return made;
}

TEST(Triggers, BecomeAStreamOfTheirOwnOnTheSameDatabase) {
  const Made made = made_of({trigger("one"), trigger("two")});
  ASSERT_EQ(made.streams.size(), 2u);
  const StreamConfig& own = made.streams[1];
  EXPECT_EQ(own.name, checkpoint::trigger_stream_name("s"));
  EXPECT_EQ(own.uri, "mongodb://here");
  EXPECT_EQ(own.database, "d");
  EXPECT_TRUE(own.of_triggers);
  ASSERT_EQ(own.rules.size(), 2u);
  EXPECT_EQ(own.rules[0].name, "one");
  EXPECT_EQ(own.rules[1].name, "two");
  EXPECT_EQ(made.left_out, Names{});
}

TEST(Triggers, NoFileCanCallAStreamLikeTheirs) {
  EXPECT_NE(config::why_no_name(checkpoint::trigger_stream_name("s")), "");
}

checkpoint::Trigger publishing(const std::string& subject) {
  return {"s", "p", "text", "name: p\npublish:\n  from: \"a\"\n  subject: \"" + subject + "\"\n", 0};
}

/// Of a file with publishing rules, {JetStream stream, subject}.
std::string inferred(const std::vector<std::pair<std::string, std::string>>& rules,
                     const std::string& subject) {
  StreamConfig file = stream();
  for (const auto& [name, taken] : rules) {
    file.rules.push_back(checkpoint::rule_of_trigger(
        {"s", name, "",
         "name: r" + std::to_string(file.rules.size()) + "\npublish: {from: a" +
             std::to_string(file.rules.size()) + ", stream: " + name + ", subject: '" + taken + "'}",
         0}));
  }
  try {
    return jetstream_for({file}, file, publishing(subject));
  } catch (const ConfigError& error) {
    return error.what();
  }
}

TEST(Triggers, ThatPublishTakeTheOneJetStreamThatTakesTheirSubject) {
  EXPECT_EQ(inferred({{"A", "a.{id}"}, {"B", "b.{id}"}}, "b.new.{id}"), "B");
  EXPECT_EQ(inferred({{"A", "a.{id}"}, {"A", "a.b.{id}"}}, "a.b.c"), "A");
  EXPECT_NE(inferred({{"A", "a.{id}"}}, "c.{id}").find("no publish rule of the file"), std::string::npos);
  EXPECT_NE(inferred({{"A", "a.{id}"}, {"B", "a.b.{id}"}}, "a.b.{id}").find("A, B all accept"),
            std::string::npos);
  EXPECT_NE(inferred({}, "c.{id}").find("STREAM 'name'"), std::string::npos);
}

TEST(Triggers, ThatPublishRunInAStreamOfTheirOwn) {
  const Made made = made_of({trigger("one"), publishing("a.{id}"), trigger("two")});
  const auto streams = rules::with_callers_apart(made.streams);
  ASSERT_EQ(streams.size(), 2u) << "s has no rules of its own";
  EXPECT_EQ(streams[0].name, "s:triggers");
  EXPECT_EQ(streams[0].rules.size(), 2u);
  EXPECT_EQ(streams[1].name, "s:triggers.p");
  EXPECT_TRUE(streams[1].of_triggers);
}

TEST(Triggers, OfNoStreamOfTheFileAreNobodys) {
  EXPECT_EQ(made_of({trigger("one", "another")}).streams.size(), 1u);
}

TEST(Triggers, OneThatIsNoRuleIsLeftOut) {
  checkpoint::Trigger no_yaml = trigger("three");
  no_yaml.rule = "name: [";
  checkpoint::Trigger misspelt = trigger("four");
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
  checkpoint::Trigger mirror = trigger("mirror");
  mirror.rule = "name: mirror\nwrite: {from: a, into: b, mode: upsert, id: NEW.user, values: NEW}";
  std::string why;
  const auto complain = [&](const checkpoint::Trigger&, const std::string& reason) { why = reason; };
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
  checkpoint::Trigger one = trigger("one");
  one.rule = "- name: one\n  count: {from: a, into: b, reference: c, field: f}\n";
  EXPECT_EQ(checkpoint::rule_of_trigger(one).kind, "count");
  one.rule += "- name: two\n  count: {from: a, into: b, reference: c, field: g}\n";
  EXPECT_THROW(checkpoint::rule_of_trigger(one), ConfigError);
}

/// The check happens when a trigger is created and when workers load it: the file's rules may have changed.
TEST(Triggers, ThatPublishIntoTheRelayAreLeftOut) {
  const auto publishing = [](const std::string& name, const std::string& to) {
    checkpoint::Trigger made = trigger(name);
    made.rule = "name: " + name + "\npublish: {from: a, stream: " + to + ", subject: '" + to + ".{id}'}";
    return made;
  };
  RelayConfig relay;
  relay.stream = "LOG";
  const std::vector<checkpoint::Trigger> triggers = {trigger("count"), publishing("good", "EVENTS"),
                                                     publishing("bad", "LOG"), publishing("last", "OTHERS")};
  EXPECT_EQ(made_of(triggers).left_out, Names{});
  const Made made = made_of(triggers, relay);
  EXPECT_EQ(made.left_out, Names{"bad"});
  ASSERT_EQ(made.reasons.size(), 1u);
  EXPECT_NE(made.reasons[0].find("rule 'bad' publishes to the JetStream stream LOG, and the relay's stream"),
            std::string::npos)
      << made.reasons[0];
  ASSERT_EQ(made.streams.size(), 2u);
  EXPECT_EQ(made.streams[1].rules.size(), 3u);
}

/// Triggers that publish run in streams of their own, so each has a stream of the relay.
TEST(Triggers, ThatPublishIntoTheRelayOfAnotherTriggerAreLeftOut) {
  checkpoint::Trigger bad = trigger("bad");
  bad.rule = "name: bad\npublish: {from: a, stream: EVENTS, subject: 'LOG-s-triggers.{id}'}";
  RelayConfig relay;
  relay.stream = "LOG";
  EXPECT_EQ(made_of({bad, trigger("one")}, relay).left_out, Names{"one"});
  EXPECT_EQ(made_of({trigger("one"), bad}, relay).left_out, Names{"bad"});
}

}  // namespace
}  // namespace sluice::operations
