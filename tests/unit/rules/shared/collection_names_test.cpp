#include "rules/shared/collection_names.hpp"

#include <gtest/gtest.h>

#include "unit/refusal.hpp"
#include "unit/rules/realworld.hpp"

namespace sluice::rules {
namespace {

std::string refusal(const std::string& kind, const std::string& yaml) {
  const StreamConfig stream{"main", "mongodb://nowhere", "shop", {test::rule_config("my rule", kind, yaml)}};
  return test::refusal_of([&] { make_rules(stream); });
}

/// `from: <name>` of a rule that keeps a counter, on the second line of its file.
std::string counting(const std::string& name) {
  return refusal("count", "into: users\nfrom: " + name + "\nreference: userId\nfield: n\n");
}

constexpr const char* patterns_are_for =
    "is a pattern, but 'from' needs the names of single collections here; patterns are allowed in "
    "'from' of publish, webhook, cache and event_store";

TEST(CollectionNames, WhatCannotBeOneIsRefusedWithItsPlace) {
  EXPECT_EQ(counting("''"),
            "test.yaml:2:1: 'from' is empty: set the name of a collection (a text that begins with ! needs "
            "quotes)");
  EXPECT_EQ(counting("a$b"), "test.yaml:2:1: 'a$b' cannot be the name of a collection: it contains a $");
  EXPECT_EQ(counting(".a"),
            "test.yaml:2:1: '.a' cannot be the name of a collection: it begins or ends with a dot");
  EXPECT_EQ(counting("system.views"),
            "test.yaml:2:1: 'system.views' is one of the server's own collections, which have no change "
            "events; name another one");
  EXPECT_EQ(counting("\"a\\tb\""),
            "test.yaml:2:1: 'a\tb' cannot be the name of a collection: it contains a control character");
}

TEST(CollectionNames, TheDatabaseIsNoPartOfThem) {
  EXPECT_EQ(counting("shop.orders"),
            "test.yaml:2:1: 'shop.orders': a rule names the collections of its stream's database without it; "
            "write 'orders' (set another database with 'database' or --database)");
  EXPECT_EQ(counting("fs.files"), "");
  EXPECT_EQ(counting("shop.files"), "") << "GridFS may have the database's name";
  EXPECT_EQ(counting("shopping"), "");
}

TEST(CollectionNames, PatternsAreNotForRulesThatKeepSomethingTrue) {
  for (const char* pattern : {"\"*\"", "orders_*", "order?", "/^orders_/", "\"!tmp\""}) {
    const std::string why = counting(pattern);
    EXPECT_NE(why.find("test.yaml:2:1: "), std::string::npos) << why;
    EXPECT_NE(why.find(patterns_are_for), std::string::npos) << why;
  }
  const std::string from = "{from: 'a*', ";
  for (const auto& [kind, rest] : std::vector<std::pair<std::string, std::string>>{
           {"tally", "field: t, into: tags, count: n}"},
           {"embed", "into: [{collection: t, reference: r, set: {a: b}}]}"},
           {"write", "into: t, mode: upsert, values: NEW}"}}) {
    const std::string why = refusal(kind, from + rest);
    EXPECT_NE(why.find(patterns_are_for), std::string::npos) << kind << ": " << why;
  }
}

TEST(CollectionNames, NorForTargets) {
  EXPECT_NE(refusal("count", "{from: a, reference: r, into: '*', field: n}").find("'*' is a pattern"),
            std::string::npos);
  EXPECT_NE(refusal("event_store", "{from: a, into: 'events_*'}").find("'events_*' is a pattern"),
            std::string::npos);
}

std::vector<Subscription> read_by(const std::string& kind, const std::string& yaml,
                                  const std::vector<std::string>& hidden = {}) {
  StreamConfig stream{"main", "mongodb://nowhere", "shop", {test::rule_config("my rule", kind, yaml)}};
  stream.hidden = hidden;
  return make_rules(stream).front()->subscriptions();
}

TEST(CollectionNames, RulesThatTellTakePatterns) {
  const std::string from = R"({from: ["orders_*", "/^o/", users, "!orders_tmp"], )";
  for (const auto& [kind, rest] :
       std::vector<std::pair<std::string, std::string>>{{"publish", "stream: s}"},
                                                        {"webhook", "url: 'http://h/x'}"},
                                                        {"cache", "delete: '{coll}:{id}'}"},
                                                        {"event_store", "into: orders_events}"}}) {
    const auto all = read_by(kind, from + rest, {"orders_state"});
    ASSERT_EQ(all.size(), 1U) << kind;
    EXPECT_EQ(all[0].collection, "orders_*, /^o/, users, !orders_tmp");
    for (const char* name : {"orders_1", "old", "users"}) EXPECT_TRUE(all[0].reads(name)) << kind << name;
    for (const char* name : {"orders_tmp", "orders_state", "x"}) EXPECT_FALSE(all[0].reads(name)) << kind;
    // What a rule writes is not among what it reads.
    EXPECT_EQ(all[0].reads("orders_events"), kind != "event_store");
    EXPECT_EQ(all[0].reads("orders_events.heads"), kind != "event_store");
  }
  EXPECT_EQ(read_by("publish", "{from: [a, b], stream: s}").size(), 2U) << "names alone are no set";
}

TEST(CollectionNames, AnotherProgramsTokensAreNotMatched) {
  StreamConfig stream{"main",
                      "mongodb://nowhere",
                      "shop",
                      {test::rule_config("tokens", "publish",
                                         "{from: a, stream: s, tokens: {database: shop, collection: tok}}"),
                       test::rule_config("all", "publish", "{from: '*', stream: other}")}};
  stream.resume_tokens = {{"shop", "old_tokens"}, {"elsewhere", "b"}};
  const auto all = make_rules(stream)[1]->subscriptions();
  EXPECT_FALSE(all[0].reads("tok"));
  EXPECT_FALSE(all[0].reads("old_tokens"));
  EXPECT_TRUE(all[0].reads("a"));
  EXPECT_TRUE(all[0].reads("b"));
}

TEST(CollectionNames, PatternsThatCannotBeUsedAreRefusedWithTheirPlace) {
  const auto publishing = [](const std::string& from) {
    return refusal("publish", "stream: s\nfrom: " + from + "\n");
  };
  EXPECT_EQ(
      publishing("/(/"),
      "test.yaml:2:1: '/(/' is not a valid regular expression: missing closing parenthesis (at character 2)");
  EXPECT_EQ(publishing("'a$*'"), "test.yaml:2:1: 'a$*' cannot be the name of a collection: it contains a $");
  EXPECT_NE(publishing("'shop.*'").find("write '*'"), std::string::npos);
  EXPECT_NE(publishing("['!a']").find("only excludes"), std::string::npos);
  EXPECT_NE(publishing("['*', '!']").find("'from' is empty"), std::string::npos);
  EXPECT_NE(refusal("publish", "{from: 'a*', stream: s, tokens: {database: d, collection: c}}")
                .find("name them in 'from' instead of a pattern"),
            std::string::npos);
}

TEST(CollectionNames, ARequestAboutAWholeCollectionTakesNothingFromADocument) {
  const auto hook = [](const std::string& url, const std::string& more) {
    return refusal("webhook",
                   "{from: a, operations: [insert, drop], url: 'http://h/" + url + "'" + more + "}");
  };
  EXPECT_EQ(hook("{coll}", ""), "");
  EXPECT_EQ(hook("x", ", body: '{\"text\": \"{coll} {id}\"}', methods: {drop: DELETE, rename: PUT}"), "");
  EXPECT_NE(hook("{id}", "").find("'url' needs a document"), std::string::npos);
  EXPECT_NE(hook("{user.name}", "").find("'url' needs a document"), std::string::npos);
  EXPECT_NE(hook("x", ", values: {a: NEW.b}").find("'values' needs a document"), std::string::npos);
  for (const char* kind : {"cache", "event_store", "write"}) {
    const std::string settings = "{from: a, operations: [drop], delete: k, into: t, values: NEW}";
    EXPECT_NE(refusal(kind, settings).find("'drop' is only for publish and webhook"), std::string::npos)
        << kind;
  }
}

}  // namespace
}  // namespace sluice::rules
