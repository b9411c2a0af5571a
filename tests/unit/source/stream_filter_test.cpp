#include "source/stream_filter.hpp"

#include <gtest/gtest.h>

#include "rules/registry.hpp"
#include "unit/bson/json.hpp"
#include "unit/rules/realworld.hpp"

namespace sluice::source {
namespace {

class StreamFilterTest : public testing::Test {
 protected:
  static std::string pipeline(const StreamFilter& filter) {
    bson::Builder out;
    out.open_array("pipeline");
    append_stages(out, filter);
    return out.finish().json();
  }
  /// As JSON of one layout.
  std::string expected(const std::string& json) { return store_.document(json).json(); }

  test::Store store_;
  StreamFilter realworld_{test::realworld_subscriptions()};
};

const std::string heads =
    R"(["users username", "users image", "users bio", "articles authorId", "articles tagList",
        "comments authorId", "favorites articleId"])";

std::string match(const std::string& shard = "") {
  return R"({"$match": {
    "$or": [{"ns.coll": {"$in": ["users", "articles", "comments", "favorites", null]}},
            {"to.coll": {"$in": ["users", "articles", "comments", "favorites"]}}],
    "$expr": {"$and": [)" +
         shard + R"({"$cond": [
      {"$eq": ["$operationType", "update"]},
      {"$anyElementTrue": [{"$map": {
        "input": {"$concatArrays": [
          {"$map": {"input": {"$objectToArray": "$updateDescription.updatedFields"}, "in": "$$this.k"}},
          "$updateDescription.removedFields",
          {"$map": {"input": "$updateDescription.truncatedArrays", "in": "$$this.field"}}]},
        "in": {"$let": {"vars": {"at": {"$split": ["$$this", "."]}}, "in": {"$or": [{"$in": [
          {"$concat": ["$ns.coll", " ", {"$arrayElemAt": ["$$at", 0]}]}, {"$literal": )" +
         heads + R"(}]}]}}}}}]},
      {"$not": [{"$in": [{"$concat": ["$operationType", " ", "$ns.coll"]},
                         {"$literal": ["delete users", "delete comments"]}]}]}]}]}}})";
}

TEST_F(StreamFilterTest, CompilesTheRulesOfRealWorld) {
  EXPECT_EQ(pipeline(realworld_), expected(R"({"pipeline": [)" + match() + "]}"));
}

TEST_F(StreamFilterTest, SendsAShardItsOwnDocumentsAndEveryControlEvent) {
  realworld_.shard_count = 4;
  realworld_.shards = {2};
  const std::string shard = R"({"$or": [{"$eq": [{"$mod": [
      {"$abs": {"$toLong": {"$toHashedIndexKey": "$documentKey._id"}}}, 4]}, 2]},
      {"$eq": [{"$type": "$documentKey._id"}, "missing"]}]}, )";
  EXPECT_EQ(pipeline(realworld_), expected(R"({"pipeline": [)" + match(shard) + "]}"));
}

TEST_F(StreamFilterTest, SendsSeveralShardsTheirDocuments) {
  realworld_.shard_count = 4;
  realworld_.shards = {0, 2};
  const std::string shard = R"({"$or": [{"$in": [{"$mod": [
      {"$abs": {"$toLong": {"$toHashedIndexKey": "$documentKey._id"}}}, 4]}, {"$literal": [0, 2]}]},
      {"$eq": [{"$type": "$documentKey._id"}, "missing"]}]}, )";
  EXPECT_EQ(pipeline(realworld_), expected(R"({"pipeline": [)" + match(shard) + "]}"));
}

TEST_F(StreamFilterTest, ComputesNoHashWhereAllShardsAreSent) {
  realworld_.shard_count = 4;
  realworld_.shards = {0, 1, 2, 3};
  EXPECT_TRUE(realworld_.every_shard());
  EXPECT_EQ(pipeline(realworld_), expected(R"({"pipeline": [)" + match() + "]}"));
}

/// What reads these paths alone the server evaluates on the oplog entry. A path to the whole key it does not.
TEST_F(StreamFilterTest, ReadsNoWholeDocumentKey) {
  realworld_.shard_count = 4;
  const std::string text = pipeline(realworld_);
  EXPECT_NE(text.find("\"$documentKey._id\""), std::string::npos) << text;
  EXPECT_EQ(text.find("\"$documentKey\""), std::string::npos) << text;
}

TEST_F(StreamFilterTest, SendsNoUpdatesWhenNobodyReadsThem) {
  const StreamFilter filter{{{.collection = "c", .updates = false, .deletes = false, .fields = {"a"}}}};
  const std::string text = pipeline(filter);
  EXPECT_NE(text.find(R"({ "$eq" : [ "$operationType", "update" ] }, false,)"), std::string::npos) << text;
  EXPECT_NE(text.find(R"([ "delete c" ])"), std::string::npos) << text;
  EXPECT_FALSE(filter.needs_pre_images());
  EXPECT_TRUE(realworld_.needs_pre_images());
}

TEST_F(StreamFilterTest, SendsEveryOtherOperationWhenAllAreRead) {
  const StreamFilter filter{{{.collection = "c", .fields = {"a"}}}};
  EXPECT_EQ(pipeline(filter).find("$not"), std::string::npos);
}

/// The operators of the pipeline, in their order.
std::vector<std::string> stages(const std::vector<Subscription>& all) {
  bson::Builder out;
  out.open_array("pipeline");
  append_stages(out, filter_of(number_subscriptions(all)));
  std::vector<std::string> names;
  for (const auto& [index, stage] : out.finish().at("pipeline").document())
    names.emplace_back(stage.document().begin()->key);
  return names;
}

using Names = std::vector<std::string>;

std::vector<std::uint8_t> expression(const std::string& json) {
  test::Store store;
  const bson::View view = store.document(R"({"where": )" + json + "}");
  return {view.data(), view.data() + view.size()};
}

TEST_F(StreamFilterTest, HasNoStageThatNobodyAskedFor) {
  Subscription one{.collection = "c", .any_field = true, .fields = {}, .exact = true};
  EXPECT_EQ(stages({one, {.collection = "d", .fields = {"a"}}}), Names{"$match"});
  one.before = BeforeImage::required;
  one.full_document = FullDocument::required;
  EXPECT_EQ(stages({one}), Names{"$match"});
  one.redacted = {"a.b"};
  EXPECT_EQ(stages({one}), (Names{"$match", "$addFields", "$unset", "$addFields"}));
  one.projected = {"a"};
  EXPECT_EQ(stages({one}), (Names{"$match", "$addFields", "$project", "$unset", "$addFields"}));
  one.redacted.clear();
  EXPECT_EQ(stages({one}), (Names{"$match", "$addFields", "$project", "$addFields"}));
}

TEST_F(StreamFilterTest, LeavesWhatWasLookedUpForOthersBehind) {
  const Subscription one{
      .collection = "c", .any_field = true, .fields = {}, .full_document = FullDocument::look_up};
  EXPECT_EQ(stages({one, {.collection = "d", .fields = {"a"}}}), (Names{"$match", "$addFields"}));
}

TEST_F(StreamFilterTest, HasTheServerJudgeExpressionsAndFieldsThatStayThere) {
  Subscription one{.collection = "c", .fields = {"a.b"}, .exact = true};
  EXPECT_EQ(filter_of(number_subscriptions(std::vector{one})).judged.size(), 0U);
  one.redacted = {"x"};
  EXPECT_EQ(filter_of(number_subscriptions(std::vector{one})).judged.size(), 0U);
  one.redacted = {"a"};
  EXPECT_EQ(filter_of(number_subscriptions(std::vector{one})).judged.size(), 1U);
  one.redacted = {"a.b.c"};
  EXPECT_EQ(filter_of(number_subscriptions(std::vector{one})).judged.size(), 1U);
  one.redacted.clear();
  one.projected = {"a"};
  EXPECT_EQ(filter_of(number_subscriptions(std::vector{one})).judged.size(), 0U);
  one.projected = {"a.b.c"};
  EXPECT_EQ(filter_of(number_subscriptions(std::vector{one})).judged.size(), 1U);
  one.projected.clear();
  one.where = expression(R"("$fullDocument.a")");
  EXPECT_EQ(filter_of(number_subscriptions(std::vector{one})).judged.size(), 1U);
  EXPECT_EQ(stages({one}), (Names{"$match", "$addFields", "$match"}));
}

TEST_F(StreamFilterTest, LetsTheEventThatItIsResumedAtPassUnjudged) {
  const Subscription one{.collection = "c",
                         .any_field = true,
                         .fields = {},
                         .where = expression(R"("$fullDocument.a")"),
                         .exact = true};
  bson::Builder out;
  out.open_array("pipeline");
  append_stages(out, filter_of(number_subscriptions(std::vector{one})), "82AB");
  const std::string text = out.finish().json();
  const std::string is_new = R"({ "$gt" : [ "$_id._data", { "$literal" : "82AB" } ] })";
  EXPECT_NE(text.find(R"({ "$cond" : [ )" + is_new), std::string::npos) << text;
  EXPECT_NE(text.find(R"({ "$not" : [ )" + is_new), std::string::npos) << text;
  EXPECT_EQ(pipeline(filter_of(number_subscriptions(std::vector{one}))).find("_id._data"), std::string::npos);
}

TEST_F(StreamFilterTest, NamesTheSubscriptionsThatAnEventIsFor) {
  const Subscription one{.collection = "c",
                         .deletes = false,
                         .any_field = true,
                         .fields = {},
                         .where = expression(R"({"$gt": ["$fullDocument.n", 1]})"),
                         .exact = true};
  const std::string text = pipeline(
      filter_of(number_subscriptions(std::vector<Subscription>{one, {.collection = "d", .fields = {"a"}}})));
  const std::string wants = R"({"$addFields": {"sluiceWants": {"$concatArrays": [{"$cond": [{"$and": [
      {"$eq": ["$ns.coll", {"$literal": "c"}]},
      {"$in": ["$operationType", {"$literal": ["insert", "update", "replace", "delete"]}]},
      {"$cond": [{"$eq": ["$operationType", "update"]}, {"$or": [{"$in": ["$ns.coll", {"$literal": ["c"]}]}]},
                 {"$not": [{"$in": [{"$concat": ["$operationType", " ", "$ns.coll"]},
                                    {"$literal": ["delete c"]}]}]}]},
      {"$or": [{"$gt": ["$fullDocument.n", 1]}]}]}, [0], []]}]}}})";
  EXPECT_NE(text.find(expected(wants)), std::string::npos) << text << "\n" << expected(wants);
}

TEST(MergeSubscriptions, WantsOfACollectionWhatAnyRuleWants) {
  const auto merged = merge_subscriptions({
      {.collection = "a", .inserts = false, .updates = false, .deletes = true, .fields = {}},
      {.collection = "b", .fields = {"x"}},
      {.collection = "a", .inserts = true, .updates = false, .deletes = false, .fields = {"x", "y"}},
      {.collection = "a",
       .inserts = false,
       .updates = true,
       .deletes = false,
       .fields = {"y", "z"},
       .before = BeforeImage::when_available},
  });
  ASSERT_EQ(merged.size(), 2U);
  EXPECT_EQ(merged[0].collection, "a");
  EXPECT_TRUE(merged[0].inserts && merged[0].updates && merged[0].deletes && merged[0].needs_images());
  EXPECT_EQ(merged[0].fields, (std::vector<std::string>{"x", "y", "z"}));
  EXPECT_EQ(merged[1].collection, "b");
  EXPECT_FALSE(merged[1].needs_images());
}

TEST(MergeSubscriptions, WantEveryUpdateOnlyWhereTheyWantUpdates) {
  const Subscription inserts{.collection = "a", .updates = false, .any_field = true, .fields = {}};
  const Subscription some{.collection = "a", .fields = {"x"}};
  EXPECT_FALSE(merge_subscriptions({inserts, some})[0].any_field);
  EXPECT_FALSE(merge_subscriptions({some, inserts})[0].any_field);
}

TEST(MergeSubscriptions, OfNoneAreNone) {
  EXPECT_TRUE(merge_subscriptions({}).empty());
}

/// The server answers for names that nobody knows yet.
TEST_F(StreamFilterTest, PatternsBecomeExpressionsOverTheName) {
  Subscription set{.collection = {}, .any_field = true, .fields = {}};
  set.set = std::make_shared<const CollectionSet>(std::vector<std::string>{"users", "/^o/", "!/x$/"},
                                                  std::vector<std::string>{"own"});
  set.collection = set.set->text();
  const std::string in_set = R"x({"$and": [{"$or": [
      {"$in": ["$ns.coll", {"$literal": ["users"]}]},
      {"$regexMatch": {"input": "$ns.coll", "regex": {"$literal": "^o"}}}]},
    {"$not": [{"$or": [
      {"$in": ["$ns.coll", {"$literal": ["own"]}]},
      {"$regexMatch": {"input": "$ns.coll", "regex": {"$literal": "x$"}}},
      {"$regexMatch": {"input": "$ns.coll", "regex":
        {"$literal": "\\A(?:system\\.|tmp\\.agg_out\\.|tmp\\.mr\\.)"}}}]}]}]})x";
  std::string renamed = in_set;
  for (auto at = renamed.find("$ns.coll"); at != std::string::npos; at = renamed.find("$ns.coll"))
    renamed.replace(at, 8, "$to.coll");
  const std::string scope =
      R"({"$or": [{"ns.coll": {"$in": [null]}}, {"to.coll": {"$in": []}}, {"$expr": {"$or": [)" + in_set +
      ", " + renamed + R"(]}}], "$expr": {"$and": [{"$or": [
        {"$not": [{"$in": ["$operationType", {"$literal": ["insert", "update", "replace", "delete"]}]}]},
        {"$and": [)" +
      in_set + R"(, {"$in": ["$operationType",
          {"$literal": ["insert", "replace", "delete", "update"]}]}]}]}]}})";
  EXPECT_EQ(pipeline(filter_of(number_subscriptions(std::vector<Subscription>{set}))),
            expected(R"({"pipeline": [{"$match": )" + scope + "}]}"));
}

}  // namespace
}  // namespace sluice::source
