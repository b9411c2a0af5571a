#include "support/fixture.hpp"

namespace sluice::test {
namespace {

class Stream : public PipelineTest {
 protected:
  double events_read() const { return metric("sluice_events_read_total"); }
};

TEST_F(Stream, WhatNoRuleReadsStaysOnTheServer) {
  start(realworld_file()).ready();
  db().insert("users", R"({"_id":1,"username":"u"})");
  db().insert("articles", R"({"_id":1,"tagList":["a"],"authorId":1})");
  db().insert("favorites", R"({"_id":1,"articleId":1,"userId":1})");
  db().insert("comments", R"({"_id":1,"authorId":1})");
  ASSERT_TRUE(settled());
  const double before = events_read();
  EXPECT_EQ(before, 4);
  for (int i = 0; i < 20; ++i) {
    const std::string n = std::to_string(i);
    db().update("users", R"({"_id":1})", R"({"$set":{"email":"e)" + n + "\"}}");
    db().update("articles", R"({"_id":1})", R"({"$set":{"title":"t)" + n + R"("},"$inc":{"views":1}})");
    db().update("favorites", R"({"_id":1})", R"({"$set":{"userId":)" + n + "}}");
    db().update("comments", R"({"_id":1})", R"({"$set":{"body":"b)" + n + "\"}}");
    db().insert("unwatched", "{\"_id\":" + n + "}");
  }
  db().remove("comments", R"({"_id":1})");
  ASSERT_TRUE(settled());
  EXPECT_EQ(events_read(), before);
}

/// The copies, counts and tags that we write lie in collections that we watch.
TEST_F(Stream, OurOwnWritesComeBackToNobody) {
  start(realworld_file()).ready();
  std::vector<Document> articles;
  for (int i = 0; i < 50; ++i) {
    articles.emplace_back("{\"_id\":" + std::to_string(i) + R"(,"authorId":1,"tagList":["a","b"]})");
  }
  db().insert("articles", articles);
  for (int i = 0; i < 50; ++i) db().insert("favorites", "{\"articleId\":" + std::to_string(i) + "}");
  db().insert("users", R"({"_id":1,"username":"u"})");
  ASSERT_TRUE(settled());
  EXPECT_TRUE(becomes("articles", "7", R"({"_id":7,"authorId":1,"tagList":["a","b"],"authorUsername":"u",
      "favoritesCount":1})"));
  ASSERT_TRUE(settled());
  EXPECT_EQ(events_read(), 101);
}

/// A rule may well read what another rule writes: then the event comes, and the chain ends.
TEST_F(Stream, ARuleMayReadWhatAnotherOneWrites) {
  start(file(R"(
  - name: to-articles
    embed:
      from: users
      into:
        - { collection: articles, reference: authorId, set: { username: author } }
  - name: to-reviews
    embed:
      from: articles
      into:
        - { collection: reviews, reference: articleId, set: { author: articleAuthor } }
)"))
      .ready();
  db().insert("reviews", R"({"_id":1,"articleId":1})");
  db().insert("articles", R"({"_id":1,"authorId":1})");
  db().insert("users", R"({"_id":1,"username":"u"})");
  EXPECT_TRUE(becomes("reviews", "1", R"({"_id":1,"articleId":1,"articleAuthor":"u"})"));
  db().update("users", R"({"_id":1})", R"({"$set":{"username":"v"}})");
  EXPECT_TRUE(becomes("reviews", "1", R"({"_id":1,"articleId":1,"articleAuthor":"v"})"));
}

TEST_F(Stream, AnIdleStreamMovesOn) {
  start(realworld_file()).ready();
  ASSERT_TRUE(settled());
  // Nothing of interest happens, but the server's clock goes on.
  for (int i = 0; i < 10; ++i) db().insert("unwatched", "{\"_id\":" + std::to_string(i) + "}");
  EXPECT_TRUE(settled());
  EXPECT_EQ(events_read(), 0);
}

TEST_F(Stream, EveryEventHasAnEnd) {
  db().insert("articles", R"({"_id":"broken","favoritesCount":"many"})");
  start(realworld_file()).ready();
  realworld::StormOptions storm;
  storm.sizes = {.users = 20, .articles = 40, .comments = 40, .favorites = 80, .seed = random_seed()};
  db().remove_many("articles", {});
  ASSERT_TRUE(settled());
  realworld::seed(db(), storm.sizes);
  db().insert("articles", R"({"_id":"broken","favoritesCount":"many"})");
  for (int i = 0; i < 3; ++i) db().insert("favorites", R"({"articleId":"broken"})");
  storm.writers = 2;
  storm.operations = 300;
  realworld::storm(server().patient_uri(), db().database(), storm);
  ASSERT_TRUE(settled());
  ASSERT_TRUE(soon([&] { return metric("sluice_events_in_flight") == 0; }));
  const double ends = metric("sluice_events_applied_total") + metric("sluice_events_published_total") +
                      metric("sluice_events_filtered_total") + metric("sluice_events_dead_total");
  EXPECT_GT(events_read(), 500);
  EXPECT_EQ(ends, events_read());
  EXPECT_GE(metric("sluice_events_dead_total"), 3);
}

TEST_F(Stream, TwoStreamsInOneProcess) {
  const std::string second = db().database() + "_2";
  const std::string stream = R"(
    uri: ")" + server().uri() +
                             R"("
    rules:
      - name: favorites
        count: { from: favorites, reference: articleId, into: articles, field: favoritesCount }
)";
  const TemporaryDirectory folder;
  const std::string path =
      folder.write("two.yaml", "pipeline: two\nstate: { database: " + state().database() +
                                   " }\nstreams:\n  - name: left\n    database: " + db().database() + stream +
                                   "  - name: right\n    database: " + second + stream);
  Worker two({.file = path});
  two.ready();
  Mongo right(server().patient_uri(), second);
  for (Mongo* mongo : {&db(), &right}) {
    mongo->insert("articles", R"({"_id":1})");
    mongo->insert("favorites", R"({"articleId":1})");
  }
  right.insert("favorites", R"({"articleId":1})");
  EXPECT_TRUE(becomes("articles", "1", R"({"_id":1,"favoritesCount":1})")) << two.story();
  EXPECT_TRUE(
      soon([&] { return right.find_one("articles", R"({"_id":1})")->integer("favoritesCount") == 2; }));
  ASSERT_TRUE(settled());
  EXPECT_EQ(two.metrics().sum("sluice_events_read_total", "stream=\"left\""), 1);
  EXPECT_EQ(two.metrics().sum("sluice_events_read_total", "stream=\"right\""), 2);
  EXPECT_EQ(two.terminate(), 0);
  right.drop_database();
}

TEST_F(Stream, IndexesAreMadeOnRequest) {
  start(realworld_file(), {"--indexes", "create"}).ready();
  for (const char* collection : {"articles", "comments"}) {
    const auto indexes =
        db().command(std::string(R"({"listIndexes":")") + collection + "\"}").child("cursor.firstBatch");
    EXPECT_EQ(indexes.integer("1.key.authorId"), 1) << indexes.json();
  }
}

TEST_F(Stream, AMissingIndexIsNamedWithItsRemedy) {
  Worker& worker = start(realworld_file(), {"--indexes", "warn"}).ready();
  for (const char* collection : {"articles", "comments"}) {
    EXPECT_NE(worker.err().find(std::string("getCollection(\"") + collection +
                                "\").createIndex({\"authorId\": 1})"),
              std::string::npos)
        << worker.err();
  }
}

TEST_F(Stream, PreImagesAreEnabledWhereTheyAreNeeded) {
  db().command(R"({"create":"favorites"})");  // exists, and has none
  start(realworld_file()).ready();
  for (const char* collection : {"articles", "favorites"}) {
    const auto found =
        db().command(std::string(R"({"listCollections":1,"filter":{"name":")") + collection + "\"}}")
            .child("cursor");
    EXPECT_TRUE(found.boolean("firstBatch.0.options.changeStreamPreAndPostImages.enabled")) << found.json();
  }
}

}  // namespace
}  // namespace sluice::test
