#include "source/stream_filter.hpp"

#include <gtest/gtest.h>

#include <regex>

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
  /// As JSON of one layout. libbson reads $regex in JSON as a value of that type, hence @regex.
  std::string expected(const std::string& json) {
    return std::regex_replace(store_.document(json).json(), std::regex("@regex"), "$$regex");
  }

  test::Store store_;
  StreamFilter realworld_{test::realworld_subscriptions()};
};

// An update's arm: any name in its description that touches a field.
std::string update_arm(const std::string& collection, const std::string& pattern) {
  return R"({"operationType": "update", "ns.coll": ")" + collection + R"(", "$or": [
      {"$expr": {"$anyElementTrue": [{"$map": {"input": {"$objectToArray": "$updateDescription.updatedFields"},
          "in": {"$regexMatch": {"input": "$$this.k", "regex": ")" +
         pattern + R"("}}}}]}},
      {"updateDescription.removedFields": {"@regex" : ")" +
         pattern + R"("}},
      {"updateDescription.truncatedArrays.field": {"@regex" : ")" +
         pattern + R"("}}]})";
}

std::string any(const std::string& field) {
  return field + R"((\\.[\\s\\S]*)?)";
}

std::string documents_arm(const std::string& shard = "") {
  return "{" + shard + R"("$or": [
      {"operationType": {"$in": ["insert", "replace"]},
       "ns.coll": {"$in": ["users", "articles", "comments", "favorites"]}},
      {"operationType": {"$in": ["delete"]}, "ns.coll": {"$in": ["articles", "favorites"]}},)" +
         update_arm("users", "^(" + any("username") + "|" + any("image") + "|" + any("bio") + ")$") + "," +
         update_arm("articles", "^(" + any("authorId") + "|" + any("tagList") + ")$") + "," +
         update_arm("comments", "^(" + any("authorId") + ")$") + "," +
         update_arm("favorites", "^(" + any("articleId") + ")$") + "]}";
}

constexpr const char* control_arms = R"(
    {"operationType": {"$in": ["drop", "rename"]}, "ns.coll": {"$in": ["users", "articles", "comments", "favorites"]}},
    {"operationType": "rename", "to.coll": {"$in": ["users", "articles", "comments", "favorites"]}},
    {"operationType": {"$in": ["dropDatabase", "invalidate"]}})";

std::string match(const std::string& shard = "") {
  return R"({"$match": {"$or": [)" + documents_arm(shard) + "," + control_arms + "]}}";
}

TEST_F(StreamFilterTest, CompilesTheRulesOfRealWorld) {
  EXPECT_EQ(pipeline(realworld_), expected(R"({"pipeline": [)" + match() + "]}"));
}

TEST_F(StreamFilterTest, SendsAShardItsOwnDocumentsAndEveryControlEvent) {
  realworld_.shard_count = 4;
  realworld_.shard_index = 2;
  const std::string shard = R"("$expr": {"$eq": [{"$mod": [
      {"$abs": {"$toLong": {"$toHashedIndexKey": "$documentKey._id"}}}, 4]}, 2]}, )";
  EXPECT_EQ(pipeline(realworld_), expected(R"({"pipeline": [)" + match(shard) + "]}"));
}

TEST_F(StreamFilterTest, AddsTheHashWhereAnOlderLayoutIsHonoured) {
  realworld_.with_hash = true;
  EXPECT_EQ(pipeline(realworld_), expected(R"({"pipeline": [)" + match() + R"(, {"$addFields": {"sluiceHash":
      {"$abs": {"$toLong": {"$toHashedIndexKey": "$documentKey._id"}}}}}]})"));
}

TEST_F(StreamFilterTest, LeavesOutWhatNobodyReads) {
  const StreamFilter filter{{{.collection = "c", .updates = false, .deletes = false, .fields = {"a"}}}};
  const std::string text = pipeline(filter);
  EXPECT_EQ(text.find("delete"), std::string::npos);
  EXPECT_EQ(text.find("update"), std::string::npos);
  EXPECT_FALSE(filter.needs_pre_images());
  EXPECT_TRUE(realworld_.needs_pre_images());
}

TEST_F(StreamFilterTest, SendsNoUpdatesOfACollectionWhoseFieldsNobodyReads) {
  const StreamFilter filter{{{.collection = "c", .fields = {}}}};
  EXPECT_EQ(pipeline(filter).find("update"), std::string::npos);
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
       .pre_images = true},
  });
  ASSERT_EQ(merged.size(), 2U);
  EXPECT_EQ(merged[0].collection, "a");
  EXPECT_TRUE(merged[0].inserts && merged[0].updates && merged[0].deletes && merged[0].pre_images);
  EXPECT_EQ(merged[0].fields, (std::vector<std::string>{"x", "y", "z"}));
  EXPECT_EQ(merged[1].collection, "b");
  EXPECT_FALSE(merged[1].pre_images);
}

TEST(MergeSubscriptions, OfNoneAreNone) {
  EXPECT_TRUE(merge_subscriptions({}).empty());
}

}  // namespace
}  // namespace sluice::source
