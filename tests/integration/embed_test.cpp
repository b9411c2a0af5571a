#include "support/fixture.hpp"

namespace sluice::test {
namespace {

class Embed : public PipelineTest {
 protected:
  /// users -> posts.author.*, by posts.author.id
  void start_nested(const std::string& on_delete = "keep") {
    start(file(R"(
  - name: authors
    embed:
      from: users
      into:
        - collection: posts
          reference: author.id
          set: { name: author.name, profile.city: author.city }
      on_delete: )" +
               on_delete + "\n"))
        .ready();
  }

  /// users -> teams.members[].*, by teams.members[].userId
  void start_array(const std::string& on_delete = "keep") {
    start(file(R"(
  - name: members
    embed:
      from: users
      into:
        - collection: teams
          reference: "members[].userId"
          set: { name: "members[].name", mail: "members[].contact.mail" }
      on_delete: )" +
               on_delete + "\n"))
        .ready();
  }
};

TEST_F(Embed, CopiesFollowInsertUpdateAndReplaceOfTheSource) {
  start(realworld_file()).ready();
  db().insert("articles", R"({"_id":1,"title":"t","authorId":7})");
  db().insert("comments", R"({"_id":2,"body":"b","authorId":7})");
  db().insert("users", R"({"_id":7,"username":"ann","image":"a.png","bio":"x"})");
  EXPECT_TRUE(becomes("articles", "1", R"({"_id":1,"title":"t","authorId":7,
      "authorUsername":"ann","authorImage":"a.png","authorBio":"x"})"));
  EXPECT_TRUE(becomes("comments", "2", R"({"_id":2,"body":"b","authorId":7,
      "authorUsername":"ann","authorImage":"a.png","authorBio":"x"})"));

  db().update("users", R"({"_id":7})", R"({"$set":{"username":"anna"}})");
  EXPECT_TRUE(becomes("comments", "2", R"({"_id":2,"body":"b","authorId":7,
      "authorUsername":"anna","authorImage":"a.png","authorBio":"x"})"));

  db().replace("users", R"({"_id":7})", R"({"username":"anne","image":null})");
  EXPECT_TRUE(becomes("articles", "1", R"({"_id":1,"title":"t","authorId":7,
      "authorUsername":"anne","authorImage":null})"));
}

TEST_F(Embed, AFieldRemovedAtTheSourceGoesFromTheCopies) {
  start(realworld_file()).ready();
  db().insert("users", R"({"_id":7,"username":"ann","image":"a.png","bio":"x"})");
  db().insert("articles", R"({"_id":1,"authorId":7,"authorBio":"old"})");
  EXPECT_TRUE(becomes("articles", "1", R"({"_id":1,"authorId":7,
      "authorUsername":"ann","authorImage":"a.png","authorBio":"x"})"));
  db().update("users", R"({"_id":7})", R"({"$unset":{"bio":""}})");
  EXPECT_TRUE(
      becomes("articles", "1", R"({"_id":1,"authorId":7,"authorUsername":"ann","authorImage":"a.png"})"));
}

TEST_F(Embed, ATargetIsFilledWhenItComesLateAndWhenItsReferenceTurns) {
  start(realworld_file()).ready();
  db().insert("users", R"({"_id":1,"username":"one"})");
  db().insert("users", R"({"_id":2,"username":"two","bio":"b"})");
  ASSERT_TRUE(settled());
  db().insert("articles", R"({"_id":"a","authorId":1})");
  EXPECT_TRUE(becomes("articles", "\"a\"", R"({"_id":"a","authorId":1,"authorUsername":"one"})"));
  db().update("articles", R"({"_id":"a"})", R"({"$set":{"authorId":2}})");
  EXPECT_TRUE(
      becomes("articles", "\"a\"", R"({"_id":"a","authorId":2,"authorUsername":"two","authorBio":"b"})"));
  db().replace("articles", R"({"_id":"a"})",
               R"({"authorId":1,"authorUsername":"stale","authorBio":"stale"})");
  EXPECT_TRUE(becomes("articles", "\"a\"", R"({"_id":"a","authorId":1,"authorUsername":"one"})"));
}

TEST_F(Embed, NestedPathsOnBothSides) {
  start_nested();
  db().insert("posts", R"({"_id":1,"author":{"id":5,"badge":"gold"}})");
  db().insert("users", R"({"_id":5,"name":"eve","profile":{"city":"Oslo","zip":"1"}})");
  EXPECT_TRUE(
      becomes("posts", "1", R"({"_id":1,"author":{"id":5,"badge":"gold","name":"eve","city":"Oslo"}})"));
  db().update("users", R"({"_id":5})", R"({"$set":{"profile.city":"Bergen"}})");
  EXPECT_TRUE(
      becomes("posts", "1", R"({"_id":1,"author":{"id":5,"badge":"gold","name":"eve","city":"Bergen"}})"));
  db().update("users", R"({"_id":5})", R"({"$set":{"profile":{"zip":"2"}}})");
  EXPECT_TRUE(becomes("posts", "1", R"({"_id":1,"author":{"id":5,"badge":"gold","name":"eve"}})"));
  db().update("posts", R"({"_id":1})", R"({"$set":{"author":{"id":5}}})");
  EXPECT_TRUE(becomes("posts", "1", R"({"_id":1,"author":{"id":5,"name":"eve"}})"));
}

TEST_F(Embed, OnDeleteKeepLeavesTheCopies) {
  start_nested("keep");
  db().insert("users", R"({"_id":5,"name":"eve"})");
  db().insert("posts", R"({"_id":1,"author":{"id":5}})");
  ASSERT_TRUE(becomes("posts", "1", R"({"_id":1,"author":{"id":5,"name":"eve"}})"));
  db().remove("users", R"({"_id":5})");
  ASSERT_TRUE(settled());
  EXPECT_TRUE(becomes("posts", "1", R"({"_id":1,"author":{"id":5,"name":"eve"}})"));
}

TEST_F(Embed, OnDeleteUnsetTakesTheCopiesAway) {
  start_nested("unset");
  db().insert("users", R"({"_id":5,"name":"eve","profile":{"city":"Oslo"}})");
  db().insert("posts", R"({"_id":1,"author":{"id":5}})");
  ASSERT_TRUE(becomes("posts", "1", R"({"_id":1,"author":{"id":5,"name":"eve","city":"Oslo"}})"));
  db().remove("users", R"({"_id":5})");
  EXPECT_TRUE(becomes("posts", "1", R"({"_id":1,"author":{"id":5}})"));
}

TEST_F(Embed, OnDeleteDeleteTakesTheTargetsAway) {
  start_nested("delete");
  db().insert("users", R"({"_id":5,"name":"eve"})");
  db().insert("users", R"({"_id":6,"name":"fay"})");
  db().insert("posts", R"({"_id":1,"author":{"id":5}})");
  db().insert("posts", R"({"_id":2,"author":{"id":6}})");
  ASSERT_TRUE(becomes("posts", "2", R"({"_id":2,"author":{"id":6,"name":"fay"}})"));
  db().remove("users", R"({"_id":5})");
  EXPECT_TRUE(vanishes("posts", "1"));
  ASSERT_TRUE(settled());
  EXPECT_EQ(db().count("posts"), 1);
}

TEST_F(Embed, ArraysOfEmbeddedReferences) {
  start_array();
  db().insert("teams",
              R"({"_id":1,"members":[{"userId":1,"role":"lead"},{"userId":2},{"userId":1},{"guest":true}]})");
  db().insert("users", R"({"_id":1,"name":"ann","mail":"a@x"})");
  db().insert("users", R"({"_id":2,"name":"bob"})");
  EXPECT_TRUE(becomes("teams", "1", R"({"_id":1,"members":[
      {"userId":1,"role":"lead","name":"ann","contact":{"mail":"a@x"}},
      {"userId":2,"name":"bob"},{"userId":1,"name":"ann","contact":{"mail":"a@x"}},{"guest":true}]})"));
  db().update("users", R"({"_id":1})", R"({"$set":{"name":"anna"}})");
  EXPECT_TRUE(becomes("teams", "1", R"({"_id":1,"members":[
      {"userId":1,"role":"lead","name":"anna","contact":{"mail":"a@x"}},
      {"userId":2,"name":"bob"},{"userId":1,"name":"anna","contact":{"mail":"a@x"}},{"guest":true}]})"));
  db().update("teams", R"({"_id":1})", R"({"$push":{"members":{"userId":2}}})");
  EXPECT_TRUE(becomes("teams", "1", R"({"_id":1,"members":[
      {"userId":1,"role":"lead","name":"anna","contact":{"mail":"a@x"}},
      {"userId":2,"name":"bob"},{"userId":1,"name":"anna","contact":{"mail":"a@x"}},{"guest":true},
      {"userId":2,"name":"bob"}]})"));
  db().update("teams", R"({"_id":1})", R"({"$set":{"members.1.userId":1}})");
  EXPECT_TRUE(becomes("teams", "1", R"({"_id":1,"members":[
      {"userId":1,"role":"lead","name":"anna","contact":{"mail":"a@x"}},
      {"userId":1,"name":"anna","contact":{"mail":"a@x"}},{"userId":1,"name":"anna","contact":{"mail":"a@x"}},
      {"guest":true},{"userId":2,"name":"bob"}]})"));
}

TEST_F(Embed, OnDeleteUnsetReachesIntoArrays) {
  start_array("unset");
  db().insert("users", R"({"_id":1,"name":"ann"})");
  db().insert("users", R"({"_id":2,"name":"bob"})");
  db().insert("teams", R"({"_id":1,"members":[{"userId":1},{"userId":2}]})");
  ASSERT_TRUE(
      becomes("teams", "1", R"({"_id":1,"members":[{"userId":1,"name":"ann"},{"userId":2,"name":"bob"}]})"));
  db().remove("users", R"({"_id":1})");
  EXPECT_TRUE(becomes("teams", "1", R"({"_id":1,"members":[{"userId":1},{"userId":2,"name":"bob"}]})"));
}

TEST_F(Embed, OnDeleteDeleteTakesTheElementOutOfAnArray) {
  start_array("delete");
  db().insert("users", R"({"_id":1,"name":"ann"})");
  db().insert("users", R"({"_id":2,"name":"bob"})");
  db().insert("teams", R"({"_id":1,"members":[{"userId":1},{"userId":2}]})");
  ASSERT_TRUE(
      becomes("teams", "1", R"({"_id":1,"members":[{"userId":1,"name":"ann"},{"userId":2,"name":"bob"}]})"));
  db().remove("users", R"({"_id":1})");
  EXPECT_TRUE(becomes("teams", "1", R"({"_id":1,"members":[{"userId":2,"name":"bob"}]})"));
}

/// An id of 0, "" or null is an id like any other, and so is one of every BSON type that the server takes.
TEST_F(Embed, SourceIdsOfEveryType) {
  const std::vector<std::string> ids = {"0",
                                        "-1",
                                        R"("")",
                                        R"("x")",
                                        "null",
                                        "true",
                                        "false",
                                        "1.5",
                                        R"({"$oid":"650000010000000000000001"})",
                                        R"({"$numberLong":"9007199254740993"})",
                                        R"({"$numberDecimal":"1234567890.123456789"})",
                                        R"({"$date":{"$numberLong":"1700000000000"}})",
                                        R"({"$binary":{"base64":"AAEC","subType":"04"}})",
                                        R"({"$timestamp":{"t":5,"i":6}})",
                                        R"({"$minKey":1})",
                                        R"({"$maxKey":1})",
                                        R"({"a":1,"b":{"c":[1,2]}})",
                                        "{}"};
  start(realworld_file()).ready();
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const std::string number = std::to_string(i);
    db().insert("articles", "{\"_id\":" + number + ",\"authorId\":" + ids[i] + "}");
    db().insert("users", "{\"_id\":" + ids[i] + ",\"username\":\"u" + number + "\"}");
  }
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const std::string number = std::to_string(i);
    EXPECT_TRUE(becomes(
        "articles", number,
        "{\"_id\":" + number + ",\"authorId\":" + ids[i] + ",\"authorUsername\":\"u" + number + "\"}"));
  }
  // A target without a reference refers to nobody, not to the user whose id is null.
  db().insert("articles", R"({"_id":"none"})");
  db().update("users", R"({"_id":null})", R"({"$set":{"username":"nobody"}})");
  EXPECT_TRUE(becomes("articles", "4", R"({"_id":4,"authorId":null,"authorUsername":"nobody"})"));
  EXPECT_TRUE(becomes("articles", "\"none\"", R"({"_id":"none"})"));
}

/// Values that look like operators or field paths are values.
TEST_F(Embed, ValuesAreCopiedLiterally) {
  start(realworld_file()).ready();
  db().insert("users",
              R"({"_id":1,"username":"$bio","image":{"$concat":["a","b"]},"bio":["$$ROOT",{"x":null}]})");
  db().insert("articles", R"({"_id":1,"authorId":1})");
  EXPECT_TRUE(becomes("articles", "1", R"({"_id":1,"authorId":1,"authorUsername":"$bio",
      "authorImage":{"$concat":["a","b"]},"authorBio":["$$ROOT",{"x":null}]})"));
  db().update("users", R"({"_id":1})", R"({"$set":{"username":"$$NOW"}})");
  EXPECT_TRUE(becomes("articles", "1", R"({"_id":1,"authorId":1,"authorUsername":"$$NOW",
      "authorImage":{"$concat":["a","b"]},"authorBio":["$$ROOT",{"x":null}]})"));
}

TEST_F(Embed, ConflictingUpdatesEndWithTheSourcesLastState) {
  start(realworld_file()).ready();
  db().insert("users", R"({"_id":1,"username":"u0"})");
  for (int i = 0; i < 300; ++i) {
    const std::string n = std::to_string(i);
    db().update("users", R"({"_id":1})", R"({"$set":{"username":"u)" + n + "\"}}");
    if (i % 3 == 0)
      db().insert("articles", "{\"_id\":" + n + ",\"authorId\":1,\"authorUsername\":\"stale\"}");
    // Somebody writes an old value over a copy while the storm is on.
    if (i % 7 == 0)
      db().update("articles", R"({"authorId":1})", R"({"$set":{"authorId":1,"authorUsername":"old"}})");
    if (i % 11 == 0) db().update("articles", R"({"authorId":1})", R"({"$set":{"authorId":2}})");
    if (i % 11 == 5) db().update_many("articles", R"({"authorId":2})", R"({"$set":{"authorId":1}})");
  }
  db().update_many("articles", R"({"authorId":2})", R"({"$set":{"authorId":1}})");
  db().update("users", R"({"_id":1})", R"({"$set":{"username":"last"}})");
  ASSERT_TRUE(settled());
  EXPECT_EQ(db().count("articles", R"({"authorUsername":{"$ne":"last"}})"), 0);
}

}  // namespace
}  // namespace sluice::test
