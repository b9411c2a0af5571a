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
    "$expr": {"$and": [{"$cond": [
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
                         {"$literal": ["delete users", "delete comments"]}]}]}]})" +
         shard + "]}}}";
}

TEST_F(StreamFilterTest, CompilesTheRulesOfRealWorld) {
  EXPECT_EQ(pipeline(realworld_), expected(R"({"pipeline": [)" + match() + "]}"));
}

TEST_F(StreamFilterTest, SendsAShardItsOwnDocumentsAndEveryControlEvent) {
  realworld_.shard_count = 4;
  realworld_.shard_index = 2;
  const std::string shard = R"(, {"$or": [{"$eq": [{"$type": "$documentKey"}, "missing"]}, {"$eq": [{"$mod": [
      {"$abs": {"$toLong": {"$toHashedIndexKey": "$documentKey._id"}}}, 4]}, 2]}]})";
  EXPECT_EQ(pipeline(realworld_), expected(R"({"pipeline": [)" + match(shard) + "]}"));
}

TEST_F(StreamFilterTest, AddsTheHashWhereAnOlderLayoutIsHonoured) {
  realworld_.with_hash = true;
  EXPECT_EQ(pipeline(realworld_), expected(R"({"pipeline": [)" + match() + R"(, {"$addFields": {"sluiceHash":
      {"$abs": {"$toLong": {"$toHashedIndexKey": "$documentKey._id"}}}}}]})"));
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

TEST(MergeSubscriptions, OfNoneAreNone) {
  EXPECT_TRUE(merge_subscriptions({}).empty());
}

}  // namespace
}  // namespace sluice::source
