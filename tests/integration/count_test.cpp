#include "support/fixture.hpp"

namespace sluice::test {
namespace {

class Count : public PipelineTest {
 protected:
  void favorite(int id, const std::string& article) {
    db().insert("favorites", "{\"_id\":" + std::to_string(id) + ",\"articleId\":" + article + "}");
  }
};

TEST_F(Count, InsertAndDelete) {
  start(realworld_file()).ready();
  db().insert("articles", R"({"_id":1})");
  for (int i = 0; i < 5; ++i) favorite(i, "1");
  EXPECT_TRUE(becomes("articles", "1", R"({"_id":1,"favoritesCount":5})"));
  db().remove("favorites", R"({"_id":0})");
  db().remove_many("favorites", R"({"_id":{"$lt":3}})");
  EXPECT_TRUE(becomes("articles", "1", R"({"_id":1,"favoritesCount":2})"));
  db().remove_many("favorites", {});
  EXPECT_TRUE(becomes("articles", "1", R"({"_id":1,"favoritesCount":0})"));
}

TEST_F(Count, UpdateAndReplaceMoveTheChild) {
  start(realworld_file()).ready();
  db().insert("articles", R"({"_id":1})");
  db().insert("articles", R"({"_id":2})");
  favorite(1, "1");
  favorite(2, "1");
  EXPECT_TRUE(becomes("articles", "1", R"({"_id":1,"favoritesCount":2})"));
  db().update("favorites", R"({"_id":1})", R"({"$set":{"articleId":2}})");
  db().replace("favorites", R"({"_id":2})", R"({"articleId":2})");
  EXPECT_TRUE(becomes("articles", "1", R"({"_id":1,"favoritesCount":0})"));
  EXPECT_TRUE(becomes("articles", "2", R"({"_id":2,"favoritesCount":2})"));
}

TEST_F(Count, AReferenceThatGoesOrComesCounts) {
  start(realworld_file()).ready();
  db().insert("articles", R"({"_id":1})");
  favorite(1, "1");
  db().insert("favorites", R"({"_id":2,"userId":9})");
  EXPECT_TRUE(becomes("articles", "1", R"({"_id":1,"favoritesCount":1})"));
  db().update("favorites", R"({"_id":2})", R"({"$set":{"articleId":1}})");
  EXPECT_TRUE(becomes("articles", "1", R"({"_id":1,"favoritesCount":2})"));
  db().update("favorites", R"({"_id":1})", R"({"$unset":{"articleId":""}})");
  EXPECT_TRUE(becomes("articles", "1", R"({"_id":1,"favoritesCount":1})"));
  db().replace("favorites", R"({"_id":2})", R"({"userId":9})");
  EXPECT_TRUE(becomes("articles", "1", R"({"_id":1,"favoritesCount":0})"));
}

TEST_F(Count, ADeltaOnWhatStandsThere) {
  start(realworld_file()).ready();
  db().insert("articles", R"({"_id":1,"favoritesCount":40})");
  favorite(1, "1");
  favorite(2, "1");
  EXPECT_TRUE(becomes("articles", "1", R"({"_id":1,"favoritesCount":42})"));
}

TEST_F(Count, AParentThatIsNotThereIsNotMade) {
  start(realworld_file()).ready();
  favorite(1, "\"nowhere\"");
  db().insert("articles", R"({"_id":1})");
  favorite(2, "1");
  EXPECT_TRUE(becomes("articles", "1", R"({"_id":1,"favoritesCount":1})"));
  ASSERT_TRUE(settled());
  EXPECT_EQ(db().count("articles"), 1);
}

TEST_F(Count, ARewriteWithTheSameReferenceDoesNotCount) {
  start(realworld_file()).ready();
  db().insert("articles", R"({"_id":1})");
  favorite(1, "1");
  db().replace("favorites", R"({"_id":1})", R"({"articleId":1,"userId":5})");
  db().replace("favorites", R"({"_id":1})", R"({"articleId":{"$numberLong":"1"},"userId":6})");
  db().update("favorites", R"({"_id":1})", R"({"$set":{"articleId":1.0}})");
  ASSERT_TRUE(settled());
  EXPECT_TRUE(becomes("articles", "1", R"({"_id":1,"favoritesCount":1})"));
}

TEST_F(Count, NestedReferenceAndNestedCounter) {
  start(file(R"(
  - name: likes
    count: { from: likes, reference: on.post, into: posts, field: stats.likes }
)"))
      .ready();
  db().insert("posts", R"({"_id":1,"stats":{"views":9}})");
  db().insert("posts", R"({"_id":2})");
  db().insert("likes", R"({"_id":1,"on":{"post":1,"at":"home"}})");
  db().insert("likes", R"({"_id":2,"on":{"post":1}})");
  EXPECT_TRUE(becomes("posts", "1", R"({"_id":1,"stats":{"views":9,"likes":2}})"));
  db().update("likes", R"({"_id":1})", R"({"$set":{"on.at":"work"}})");
  db().update("likes", R"({"_id":2})", R"({"$set":{"on":{"post":2}}})");
  EXPECT_TRUE(becomes("posts", "2", R"({"_id":2,"stats":{"likes":1}})"));
  EXPECT_TRUE(becomes("posts", "1", R"({"_id":1,"stats":{"views":9,"likes":1}})"));
}

TEST_F(Count, ParentAndChildIdsOfEveryType) {
  const std::vector<std::string> ids = {"0",
                                        R"("")",
                                        R"("x")",
                                        "null",
                                        "true",
                                        "1.5",
                                        R"({"$oid":"650000010000000000000001"})",
                                        R"({"$numberLong":"9007199254740993"})",
                                        R"({"$numberDecimal":"1234567890.123456789"})",
                                        R"({"$date":{"$numberLong":"1700000000000"}})",
                                        R"({"$binary":{"base64":"AAEC","subType":"00"}})",
                                        R"({"$timestamp":{"t":5,"i":6}})",
                                        R"({"$minKey":1})",
                                        R"({"$maxKey":1})",
                                        R"({"a":1,"b":{"c":[1,2]}})"};
  start(realworld_file()).ready();
  for (const std::string& id : ids) {
    db().insert("articles", "{\"_id\":" + id + "}");
    db().insert("favorites", "{\"_id\":" + id + ",\"articleId\":" + id + "}");
    db().insert("favorites", "{\"articleId\":" + id + "}");
  }
  for (const std::string& id : ids) {
    EXPECT_TRUE(becomes("articles", id, "{\"_id\":" + id + ",\"favoritesCount\":2}"));
    db().remove("favorites", "{\"_id\":{\"$eq\":" + id + "}}");
    EXPECT_TRUE(becomes("articles", id, "{\"_id\":" + id + ",\"favoritesCount\":1}"));
  }
}

TEST_F(Count, AnUpdateFollowedAtOnceByADelete) {
  start(realworld_file()).ready();
  db().insert("articles", R"({"_id":1})");
  db().insert("articles", R"({"_id":2})");
  for (int i = 0; i < 100; ++i) {
    const std::string id = "{\"_id\":" + std::to_string(i) + "}";
    favorite(i, "1");
    db().update("favorites", id, R"({"$set":{"articleId":2}})");
    if (i != 50) db().remove("favorites", id);
  }
  ASSERT_TRUE(settled());
  EXPECT_TRUE(becomes("articles", "1", R"({"_id":1,"favoritesCount":0})"));
  EXPECT_TRUE(becomes("articles", "2", R"({"_id":2,"favoritesCount":1})"));
}

}  // namespace
}  // namespace sluice::test
