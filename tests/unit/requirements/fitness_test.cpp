#include "requirements/fitness.hpp"

#include <gtest/gtest.h>

#include "../rules/realworld.hpp"

namespace sluice::requirements {
namespace {

using Names = std::vector<std::string>;

struct Written {
  Names all;
  Names by_value;
};

Written of(const std::string& kind, const std::string& yaml) {
  const StreamConfig stream{"s", "", "d", {test::rule_config("r", kind, yaml)}};
  const auto rules = rules::make_rules(stream);
  return {written(*rules.front()), written_by_value(*rules.front())};
}

void expect_both(const Written& written, const Names& names) {
  EXPECT_EQ(written.all, names);
  EXPECT_EQ(written.by_value, names);
}

TEST(Fitness, WhatEachKindOfRuleWritesByIdOrReference) {
  expect_both(of("count", "{from: f, reference: r, into: t, field: n}"), {"t"});
  expect_both(of("tally", "{from: f, field: tags, into: t, count: n}"), {"t"});
  expect_both(of("embed",
                 "{from: f, into: [{collection: t, reference: r, set: {a: b}},"
                 " {collection: t, reference: q, set: {a: c}}, {collection: u, reference: r, set: "
                 "{a: b}}]}"),
              {"t", "u"});
  expect_both(of("write", "{from: f, into: t, mode: upsert, values: NEW}"), {"t"});
  expect_both(of("write", "{from: f, into: t, id: NEW.no, values: NEW}"), {"t"});
  expect_both(of("event_store", "{from: f, into: t}"), {"t", "t.heads"});
  expect_both(of("webhook", "{from: f, url: 'http://h/x'}"), {});
}

TEST(Fitness, DocumentsUnderIdsOfTheirEventsAreNotComparedWithOthers) {
  const Written inserts = of("write", "{from: f, into: t, values: NEW}");
  EXPECT_EQ(inserts.all, Names{"t"});
  EXPECT_EQ(inserts.by_value, Names{});
}

CollectionState state(const std::string& kind) {
  CollectionState made;
  made.exists = true;
  made.kind = kind;
  return made;
}

TEST(Fitness, SomeCollectionsCannotBeRead) {
  EXPECT_FALSE(unreadable("d.c", state("collection")));
  EXPECT_FALSE(unreadable("d.c", {}));
  EXPECT_NE(unreadable("d.c", state("view"))->find("d.c is a view"), std::string::npos);
  EXPECT_NE(unreadable("d.c", state("timeseries"))->find("time-series"), std::string::npos);
}

TEST(Fitness, SomeCollectionsCannotBeWritten) {
  CollectionState capped = state("collection");
  capped.capped = true;
  CollectionState collated = state("collection");
  collated.collation = R"({ "locale" : "en", "strength" : 2 })";
  for (const bool by_value : {true, false}) {
    EXPECT_FALSE(unwritable("d.c", state("collection"), by_value));
    EXPECT_FALSE(unwritable("d.c", {}, by_value));
    EXPECT_NE(unwritable("d.c", state("view"), by_value)->find("d.c is a view"), std::string::npos);
    EXPECT_NE(unwritable("d.c", state("timeseries"), by_value)->find("time-series"), std::string::npos);
    EXPECT_NE(unwritable("d.c", capped, by_value)->find("capped"), std::string::npos);
  }
  EXPECT_FALSE(unwritable("d.c", collated, false));
  const std::string why = *unwritable("d.c", collated, true);
  EXPECT_NE(why.find("the default collation " + collated.collation), std::string::npos) << why;
  EXPECT_NE(why.find("recreate the collection"), std::string::npos) << why;
}

TEST(Fitness, TheCollectionUnderAViewIsNamed) {
  CollectionState view = state("view");
  view.view_on = "orders";
  EXPECT_EQ(*unreadable("d.v", view),
            "d.v is a view, which has no change events: name the collection under it, orders");
}

TEST(Fitness, AnUnfitCollectionIsToldWithTheKeyThatNamesIt) {
  const auto named = [](const std::string& kind, const std::string& yaml) {
    const auto rules = rules::make_rules({"s", "", "d", {test::rule_config("r", kind, yaml)}});
    return named_collections(*rules.front(), "d");
  };
  const auto embed = named("embed", "{from: users, into: [{collection: posts, reference: r, set: {a: b}}]}");
  ASSERT_EQ(embed.size(), 3U);  // posts is read, too: a new post gets its copies
  EXPECT_TRUE(unfit(embed[0], state("view"))->starts_with("'from': d.users is a view"));
  EXPECT_TRUE(unfit(embed[1], state("view"))->starts_with("'into': d.posts is a view"));
  EXPECT_TRUE(unfit(embed[2], state("timeseries"))->starts_with("'into': d.posts is a time-series"));
  EXPECT_FALSE(unfit(embed[2], state("collection")));

  const auto publish = named("publish", "{from: f, tokens: {database: t, collection: c}}");
  ASSERT_EQ(publish.size(), 2U);
  CollectionState capped = state("collection");
  capped.capped = true;
  EXPECT_FALSE(unfit(publish[1], capped)) << "tokens are not written in transactions";
  EXPECT_TRUE(unfit(publish[1], state("view"))->starts_with("'tokens': t.c is a view"));
}

}  // namespace
}  // namespace sluice::requirements
