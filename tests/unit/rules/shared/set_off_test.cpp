#include "rules/shared/set_off.hpp"

#include <gtest/gtest.h>

#include "unit/rules/realworld.hpp"

namespace sluice::rules {
namespace {

using Texts = std::vector<std::string>;

/// Rules that stand in one stream each, and so may be read with any other.
class SetOffTest : public testing::Test {
 protected:
  void rule(const std::string& name, const std::string& kind, const std::string& yaml,
            const std::string& database = "db") {
    made_.push_back(std::move(
        make_rules({"main", "mongodb://nowhere", database, {test::rule_config(name, kind, yaml)}}).front()));
    placed_.push_back({name, database, made_.back().get()});
  }
  void copies(const std::string& more = "") {
    rule("copies", "embed",
         "{from: customers, into: [{collection: orders, reference: customerId, set: {name: customerName, "
         "city: customer.city}}]" +
             more + "}");
  }

  /// "writer > reader: writes", with a ? behind the reader's name where it depends on a condition.
  Texts told() const {
    Texts texts;
    for (const SetOff& one : set_offs(placed_))
      texts.push_back(one.writer + " > " + one.reader + (one.conditional ? "?" : "") + ": " + one.text());
    return texts;
  }
  Texts circles() const {
    Texts texts;
    for (const Loop& one : loops(placed_, set_offs(placed_))) {
      std::string text;
      for (const std::string& name : one.rules) text += name + " ";
      texts.push_back(text + (one.comes_to_rest ? "rests" : "may go on"));
    }
    return texts;
  }

  std::vector<std::unique_ptr<Rule>> made_;
  std::vector<PlacedRule> placed_;
};

TEST_F(SetOffTest, CopiesAreUpdatesOfTheirFields) {
  copies();
  rule("all", "event_store", "{from: orders, into: events}");
  rule("names", "publish", "{from: orders, stream: s, fields: [customerName]}");
  rule("inside", "publish", "{from: orders, stream: t, fields: [customer.city.name]}");
  rule("around", "webhook", "{from: orders, url: 'http://h/', fields: [customer]}");
  rule("others", "publish", "{from: orders, stream: u, fields: [customerNames, total]}");
  rule("born", "publish", "{from: orders, stream: v, operations: [insert, delete, replace]}");
  rule("elsewhere", "publish", "{from: customers, stream: w}");
  EXPECT_EQ(told(), (Texts{"copies > all: orders (update of customerName, customer.city)",
                           "copies > names: orders (update of customerName)",
                           "copies > inside: orders (update of customer.city)",
                           "copies > around: orders (update of customer.city)"}));
}

TEST_F(SetOffTest, OnlyRulesThatTellMayLeaveThemOut) {
  copies();
  rule("told", "publish", "{from: orders, stream: s}");
  rule("kept", "cache", "{from: orders, delete: ['order:{id}']}");
  rule("quiet", "publish", "{from: orders, stream: t, own_writes: ignore}");
  const auto all = set_offs(placed_);
  ASSERT_EQ(all.size(), 2U) << "the one that leaves them out is set off by nothing";
  EXPECT_TRUE(all[0].may_ignore);
  EXPECT_FALSE(all[1].may_ignore);
}

TEST_F(SetOffTest, ConditionsMayKeepThemOut) {
  copies();
  rule("paid", "publish", "{from: orders, stream: s, when: \"NEW.state = 'paid'\"}");
  EXPECT_EQ(told(), (Texts{"copies > paid?: orders (update of customerName, customer.city)"}));
}

TEST_F(SetOffTest, CountersAreMadeAndRemoved) {
  rule("tags", "tally", "{from: articles, field: tagList, into: tags, count: articleCount}");
  rule("likes", "count", "{from: favorites, reference: articleId, into: articles, field: favoritesCount}");
  rule("tags-out", "publish", "{from: tags, stream: s}");
  rule("articles-out", "publish", "{from: articles, stream: t}");
  EXPECT_EQ(told(), (Texts{"tags > tags-out: tags (insert, update of articleCount, delete)",
                           "likes > articles-out: articles (update of favoritesCount)"}));
}

TEST_F(SetOffTest, DocumentsAreWrittenByTheirMode) {
  rule("note", "write", "{from: a, into: notes, values: {x: NEW.x}}");
  rule("mark", "write", "{from: a, into: notes, mode: update, id: NEW.n, values: {seen.at: time()}}");
  rule("mirror", "write", "{from: a, into: notes, mode: upsert, values: NEW}");
  rule("forget", "write", "{from: a, into: notes, mode: delete}");
  rule("store", "event_store", "{from: b, into: events}");
  rule("seen", "publish", "{from: [notes, events, events.heads], stream: s, fields: [seen, seq]}");
  EXPECT_EQ(told(), (Texts{"note > seen: notes (insert)", "mark > seen: notes (update of seen.at)",
                           "mirror > seen: notes (insert, update)", "forget > seen: notes (delete)",
                           "store > seen: events (insert)", "store > seen: events.heads (insert, update)"}));
}

TEST_F(SetOffTest, ElementsOfArraysAreOfTheirPath) {
  rule("members", "embed",
       "{from: users, on_delete: delete, into: [{collection: teams, reference: 'members[].userId', set: "
       "{name: "
       "'members[].name'}}]}");
  rule("names", "publish", "{from: teams, stream: s, fields: ['members[].name']}");
  rule("roles", "publish", "{from: teams, stream: t, fields: ['members[].role']}");
  EXPECT_EQ(told(), (Texts{"members > members: teams (update of members)",
                           "members > names: teams (update of members[].name, members)",
                           "members > roles: teams (update of members)"}))
      << "an element that goes takes all its fields along";
  EXPECT_EQ(circles(), Texts{"members rests"});
}

TEST_F(SetOffTest, DatabasesHaveNothingToDoWithEachOther) {
  copies();
  rule("out", "publish", "{from: orders, stream: s}", "other");
  EXPECT_EQ(told(), Texts{});
}

TEST_F(SetOffTest, CirclesAreNamedOnce) {
  rule("a", "write", "{from: x, into: y, values: {n: NEW.n}}");
  rule("b", "write", "{from: y, into: z, values: {n: NEW.n}}");
  rule("c", "write", "{from: z, into: x, values: {n: NEW.n}}");
  rule("d", "write", "{from: y, into: elsewhere, values: {n: NEW.n}}");
  EXPECT_EQ(circles(), Texts{"a b c may go on"});
}

TEST_F(SetOffTest, TheShortestCirclesComeFirst) {
  rule("a", "write", "{from: x, into: y, values: {n: NEW.n}}");
  rule("b", "write", "{from: y, into: z, values: {n: NEW.n}}");
  rule("c", "write", "{from: z, into: x, values: {n: NEW.n}}");
  rule("d", "write", "{from: z, into: y, values: {n: NEW.n}}");
  EXPECT_EQ(circles(), (Texts{"b d may go on", "a b c may go on"}));
}

TEST_F(SetOffTest, ARuleThatLeavesOutOwnWritesEndsTheCircle) {
  rule("a", "write", "{from: x, into: y, values: {n: NEW.n}}");
  rule("b", "write", "{from: y, into: x, values: {n: NEW.n}, own_writes: ignore}");
  EXPECT_EQ(circles(), Texts{});
  EXPECT_EQ(told(), Texts{"b > a: x (insert)"});
}

TEST_F(SetOffTest, CopiesOfCopiesComeToRest) {
  rule("up", "embed", "{from: a, into: [{collection: b, reference: aId, set: {v: v}}]}");
  rule("down", "embed", "{from: b, into: [{collection: a, reference: bId, set: {v: v}}]}");
  EXPECT_EQ(circles(), Texts{"up down rests"});
}

TEST_F(SetOffTest, RealWorldsRulesDoNotMeet) {
  const auto rules = test::realworld_rules();
  std::vector<PlacedRule> placed;
  for (const auto& one : rules) placed.push_back({one->name(), "db", one.get()});
  EXPECT_TRUE(set_offs(placed).empty());
}

TEST_F(SetOffTest, PatternsReadWhatTheyMatch) {
  copies();
  rule("out", "publish", "{from: ['ord*', '!users']}");
  rule("other", "publish", "{from: ['*', '!orders']}");
  EXPECT_EQ(told(), Texts{"copies > out: orders (update of customerName, customer.city)"});
}

}  // namespace
}  // namespace sluice::rules
