#include "support/fixture.hpp"

namespace sluice::test {
namespace {

class DeadLetters : public PipelineTest {
 protected:
  std::vector<Document> letters() { return state().find("dead_letters", {}, R"({"sort":{"at":1}})"); }
};

TEST_F(DeadLetters, ACounterThatIsNoNumber) {
  start(realworld_file()).ready();
  db().insert("articles", R"({"_id":1,"favoritesCount":"many"})");
  db().insert("articles", R"({"_id":2})");
  for (int i = 0; i < 4; ++i) {
    db().insert("favorites", R"({"articleId":1})");
    db().insert("favorites", R"({"articleId":2})");
  }
  EXPECT_TRUE(becomes("articles", "2", R"({"_id":2,"favoritesCount":4})"));
  ASSERT_TRUE(settled());
  EXPECT_TRUE(becomes("articles", "1", R"({"_id":1,"favoritesCount":"many"})"));
  EXPECT_EQ(metric("sluice_events_dead_total"), 4);
  EXPECT_GE(metric("sluice_rule_effects_total", "failed"), 1);
  const auto found = letters();
  ASSERT_GE(found.size(), 1U);
  EXPECT_EQ(found[0].text("rule"), "favorites-count");
  EXPECT_EQ(found[0].text("pipeline"), "realworld");
  EXPECT_NE(found[0].integer("error.code"), 0);
  EXPECT_NE(found[0].text("error.message"), "");
  EXPECT_NE(found[0].text("token._data"), "");
  EXPECT_NE(found[0].timestamp("clusterTime"), 0U);
  EXPECT_TRUE(found[0].has("effect")) << found[0].json();
  EXPECT_TRUE(found[0].has("at")) << found[0].json();
}

/// The log names the rule, the document and the command; the gauge follows the collection and not the events.
TEST_F(DeadLetters, EachHasOneErrorLineAndIsCountedUntilItIsGone) {
  Worker& worker = start(realworld_file()).ready();
  EXPECT_TRUE(soon(
      [&] { return worker.get("/metrics").body.find("\nsluice_dead_letters_open{") != std::string::npos; }));
  db().insert("articles", R"({"_id":1,"favoritesCount":"many"})");
  db().insert("favorites", R"({"_id":7,"articleId":1})");
  ASSERT_TRUE(soon([&] { return letters().size() == 1; }));
  const Document letter = letters()[0];
  const std::string id = letter.value("_id");  // {"$oid": "..."}
  const std::string line = "dead letter of rule favorites-count, insert of favorites {\"_id\":7}: " +
                           letter.text("error.message") + " (code 14); see it with: sluice dead show FILE " +
                           id.substr(id.rfind('"') - 24, 24);
  EXPECT_TRUE(soon([&] { return worker.err().find(line) != std::string::npos; })) << line << "\n"
                                                                                  << worker.err();
  EXPECT_EQ(worker.err().find("retrying"), std::string::npos) << worker.err();
  EXPECT_TRUE(soon([&] { return metric("sluice_dead_letters_open") == 1; }));
  state().command(R"({"delete":"dead_letters","deletes":[{"q":{},"limit":0}]})");
  EXPECT_TRUE(soon([&] { return metric("sluice_dead_letters_open") == 0; }));
  EXPECT_EQ(metric("sluice_events_dead_total"), 1);
}

/// A flood is so many lines a minute, and then their number.
TEST_F(DeadLetters, ManyAreAFewLinesAndACount) {
  Worker& worker = start(realworld_file()).ready();
  db().insert("articles", R"({"_id":1,"favoritesCount":"many"})");
  std::vector<Document> favorites;
  for (int i = 0; i < 50; ++i) {
    favorites.emplace_back("{\"_id\":" + std::to_string(i) + ",\"articleId\":1}");
  }
  db().insert("favorites", favorites);
  ASSERT_TRUE(soon([&] { return letters().size() == 50; }));
  EXPECT_EQ(worker.terminate(), 0);
  const std::string log = worker.err();
  std::size_t lines = 0;
  for (auto at = log.find(": dead letter of rule "); at != std::string::npos;
       at = log.find(": dead letter of rule ", at + 1)) {
    ++lines;
  }
  EXPECT_EQ(lines, 20U) << log;
  EXPECT_NE(log.find(": 30 more dead letters in the last minute; see them with: sluice dead list FILE "
                     "--stream "),
            std::string::npos)
      << log;
}

TEST_F(DeadLetters, ATargetThatItsValidatorRefuses) {
  db().command(R"({"create":"articles","validator":{"$or":[{"authorUsername":{"$exists":false}},
      {"authorUsername":{"$type":"string"}}]}})");
  start(realworld_file()).ready();
  db().insert("users", R"({"_id":1,"username":17})");
  db().insert("users", R"({"_id":2,"username":"fine"})");
  db().insert("articles", R"({"_id":1,"authorId":1})");
  db().insert("articles", R"({"_id":2,"authorId":2})");
  db().insert("comments", R"({"_id":1,"authorId":1})");
  EXPECT_TRUE(becomes("articles", "2", R"({"_id":2,"authorId":2,"authorUsername":"fine"})"));
  EXPECT_TRUE(becomes("comments", "1", R"({"_id":1,"authorId":1,"authorUsername":17})"));
  ASSERT_TRUE(settled());
  EXPECT_TRUE(becomes("articles", "1", R"({"_id":1,"authorId":1})"));
  const auto found = letters();
  ASSERT_GE(found.size(), 1U);
  EXPECT_EQ(found[0].text("rule"), "author-copies");
  EXPECT_EQ(found[0].integer("error.code"), 121);
  // What was refused once is done when it can be done.
  db().update("users", R"({"_id":1})", R"({"$set":{"username":"mended"}})");
  EXPECT_TRUE(becomes("articles", "1", R"({"_id":1,"authorId":1,"authorUsername":"mended"})"));
}

/// One of the copies of a source is refused; the others are written all the same.
TEST_F(DeadLetters, OneRefusedTargetAmongMany) {
  db().command(R"({"create":"articles","validator":{"$or":[{"locked":{"$ne":true}},
      {"authorUsername":{"$exists":false}}]}})");
  start(realworld_file()).ready();
  std::vector<Document> articles;
  for (int i = 0; i < 200; ++i) articles.emplace_back("{\"_id\":" + std::to_string(i) + ",\"authorId\":1}");
  articles[77] = Document(R"({"_id":77,"authorId":1,"locked":true})");
  db().insert("articles", articles);
  ASSERT_TRUE(settled());
  db().insert("users", R"({"_id":1,"username":"u"})");
  ASSERT_TRUE(settled());
  EXPECT_EQ(db().count("articles", R"({"authorUsername":"u"})"), 199);
  EXPECT_TRUE(becomes("articles", "77", R"({"_id":77,"authorId":1,"locked":true})"));
  EXPECT_GE(letters().size(), 1U);
}

TEST_F(DeadLetters, ATagThatCannotBeAnId) {
  start(realworld_file()).ready();
  db().insert("articles", R"({"_id":1,"tagList":["good",["nested"],"fine"]})");
  EXPECT_TRUE(becomes("tags", "\"good\"", R"({"_id":"good","articleCount":1})"));
  EXPECT_TRUE(becomes("tags", "\"fine\"", R"({"_id":"fine","articleCount":1})"));
  ASSERT_TRUE(settled());
  EXPECT_EQ(metric("sluice_events_dead_total"), 1);
  ASSERT_GE(letters().size(), 1U);
  EXPECT_EQ(letters()[0].text("rule"), "tag-tally");
}

}  // namespace
}  // namespace sluice::test
