#include "rules/shared/selection.hpp"

#include <gtest/gtest.h>

namespace sluice::rules {
namespace {

Subscription read(const std::string& yaml) {
  const Settings settings = Settings::parse(yaml, "f.yaml");
  Subscription read = read_selection(settings, "c");
  settings.has("x");
  settings.done();
  return read;
}

std::string where(const std::string& yaml) {
  const Subscription read_ = read(yaml);
  return bson::View(read_.where.data(), read_.where.size()).json();
}

std::string refusal(const std::string& yaml) {
  try {
    read(yaml);
    return "nothing thrown";
  } catch (const ConfigError& error) {
    return error.what();
  }
}

using Paths = std::vector<std::string>;

TEST(Selection, IsEverythingUnlessStatedOtherwise) {
  const Subscription all = read("x: 1\n");
  EXPECT_EQ(all.collection, "c");
  EXPECT_TRUE(all.inserts && all.replaces && all.updates && all.deletes && all.any_field && all.exact);
  EXPECT_TRUE(all.fields.empty() && all.where.empty() && all.redacted.empty() && all.projected.empty());
  EXPECT_EQ(all.full_document, FullDocument::off);
  EXPECT_EQ(all.before, BeforeImage::off);
  EXPECT_FALSE(all.needs_images());
}

TEST(Selection, TakesTheOperationsThatAreNamed) {
  const Subscription some = read("operations: [update, replace]\n");
  EXPECT_TRUE(some.updates && some.replaces);
  EXPECT_FALSE(some.inserts || some.deletes);
}

TEST(Selection, CountsUpdatesOfTheNamedFieldsOnly) {
  const Subscription some = read("fields: [a.b, 'items[].name']\n");
  EXPECT_FALSE(some.any_field);
  EXPECT_EQ(some.fields, (Paths{"a.b", "items[].name"}));
}

TEST(Selection, KnowsTheModesOfTheImages) {
  EXPECT_EQ(read("full_document: updateLookup\n").full_document, FullDocument::look_up);
  EXPECT_FALSE(read("full_document: updateLookup\n").needs_images());
  EXPECT_EQ(read("full_document: whenAvailable\n").full_document, FullDocument::when_available);
  EXPECT_EQ(read("full_document: required\n").full_document, FullDocument::required);
  EXPECT_TRUE(read("full_document: required\n").needs_images());
  EXPECT_EQ(read("before: ifKept\n").before, BeforeImage::if_kept);
  EXPECT_FALSE(read("before: ifKept\n").needs_images());
  EXPECT_EQ(read("before: whenAvailable\n").before, BeforeImage::when_available);
  EXPECT_EQ(read("before: required\n").before, BeforeImage::required);
  EXPECT_EQ(read("before: off\nfull_document: off\n").needs_images(), false);
}

TEST(Selection, LeavesOutOwnWritesOnRequest) {
  EXPECT_FALSE(read("x: 1\n").ignores_own);
  EXPECT_FALSE(read("own_writes: tell\n").ignores_own);
  EXPECT_TRUE(read("own_writes: ignore\n").ignores_own);
  EXPECT_NE(refusal("own_writes: none\n").find("'own_writes' must be"), std::string::npos)
      << refusal("own_writes: none\n");
}

TEST(Selection, TakesAnExpressionAsYaml) {
  EXPECT_EQ(
      where(R"(
where:
  $and:
    - $gt: [$fullDocument.score, 3.5]
    - $in: [$fullDocument.state, [open, "5", 5, true, null, "null", -2e3, 007]]
    - {$eq: [{$type: $fullDocument.end}, missing]}
)"),
      R"({ "where" : { "$and" : [ { "$gt" : [ "$fullDocument.score", 3.5 ] }, )"
      R"({ "$in" : [ "$fullDocument.state", [ "open", "5", 5, true, null, "null", -2000.0, "007" ] ] }, )"
      R"({ "$eq" : [ { "$type" : "$fullDocument.end" }, "missing" ] } ] } })");
}

TEST(Selection, TakesAnExpressionAsJsonOrAsAFieldAlone) {
  EXPECT_EQ(where(R"(where: '{"$eq": ["$operationType", "insert"]}')"),
            R"({ "where" : { "$eq" : [ "$operationType", "insert" ] } })");
  EXPECT_EQ(where("where: $fullDocument.public\n"), R"({ "where" : "$fullDocument.public" })");
}

TEST(Selection, ReadsExtendedJsonInExpressions) {
  EXPECT_EQ(where(R"(where: {$gte: [$fullDocument.at, {$date: "2026-01-01T00:00:00Z"}]})"),
            R"({ "where" : { "$gte" : [ "$fullDocument.at", { "$date" : "2026-01-01T00:00:00Z" } ] } })");
  EXPECT_EQ(where(R"(where: {$eq: [$documentKey._id, {$oid: "0123456789abcdef01234567"}]})"),
            R"({ "where" : { "$eq" : [ "$documentKey._id", { "$oid" : "0123456789abcdef01234567" } ] } })");
}

TEST(Selection, TakesTheOutermostOfThePathsThatAreKeptBackOrSent) {
  const Subscription some = read(
      "redact: [password, profile.secret, profile.secret.key]\n"
      "project: [profile, name, profile.city]\n");
  EXPECT_EQ(some.redacted, (Paths{"password", "profile.secret"}));
  EXPECT_EQ(some.projected, (Paths{"profile", "name"}));
}

TEST(Selection, OfSeveralCollectionsIsTheSameForEach) {
  const auto both = read_selections(Settings::parse("fields: [a]\n", "f.yaml"), {"c", "d"});
  ASSERT_EQ(both.size(), 2U);
  EXPECT_EQ(both[1].collection, "d");
  EXPECT_EQ(both[1].fields, Paths{"a"});
}

struct Bad {
  const char* yaml;
  const char* message;
};

class BadSelections : public testing::TestWithParam<Bad> {};

TEST_P(BadSelections, AreRefusedWithTheirPlace) {
  EXPECT_EQ(refusal(GetParam().yaml), GetParam().message);
}

INSTANTIATE_TEST_SUITE_P(
    Selection, BadSelections,
    testing::Values(
        Bad{"x: 1\noperations: [insert, updat]\n",
            "f.yaml:2:1: each item of 'operations' must be insert, update, replace or delete, not "
            "'updat' "
            "(did you mean 'update'?)"},
        Bad{"operations: []\n", "f.yaml:1:1: 'operations' names no operation"},
        Bad{"fields: []\n", "f.yaml:1:1: 'fields' is empty; without it every update counts"},
        Bad{"fields: [a]\noperations: [insert]\n",
            "f.yaml:1:1: 'fields' applies to updates, which 'operations' does not include"},
        Bad{"fields: [a..b]\n", "f.yaml:1:1: 'a..b' is not the path of a field"},
        Bad{"full_document: required\nbefore: always\n",
            "f.yaml:2:9: 'before' must be off, ifKept, whenAvailable or required, not 'always'"},
        Bad{"full_document: update_lookup\n",
            "f.yaml:1:16: 'full_document' must be off, updateLookup, whenAvailable or required, not "
            "'update_lookup' (did you mean 'updateLookup'?)"},
        Bad{"where: 5\n",
            "f.yaml:1:1: 'where' must be an aggregation expression: a map such as {$eq: [$operationType, "
            "insert]}, "
            "or the path of a field such as $fullDocument.public"},
        Bad{"where: {$eq: [$a, {$oid: zz}]}\n",
            "f.yaml:1:1: 'where' cannot be read as (Extended) JSON: Invalid input string \"zz\", looking for "
            "OID"},
        Bad{"redact: [items.0.secret]\n",
            "f.yaml:1:1: 'items.0.secret': a path applies to all elements of an array, so it must not "
            "contain [] or a number"},
        Bad{"redact: ['items[].secret']\n",
            "f.yaml:1:1: 'items[].secret': a path applies to all elements of an array, so it must not "
            "contain [] or a number"},
        Bad{"redact: [_id.secret]\n",
            "f.yaml:1:1: '_id.secret': the _id is part of every event and cannot be redacted"},
        Bad{"redact: [a]\nproject: [b, a.c]\n", "f.yaml:2:1: 'a.c' is redacted by 'redact: a'"},
        Bad{"redakt: [a]\n", "f.yaml:1:1: unknown key 'redakt'; did you mean 'redact'?"}));

}  // namespace
}  // namespace sluice::rules
