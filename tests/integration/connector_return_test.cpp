#include "support/connecting.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

/// The other program took over for a while, and the connector comes back.
class ConnectorReturn : public Connector {
 protected:
  /// Runs the connector until it has published so many messages in all, and stops it.
  std::string run_until(std::int64_t messages) {
    Worker& worker = start_connector(variables()).ready();
    EXPECT_TRUE(soon_holds(stream(), messages)) << worker.err();
    EXPECT_EQ(worker.terminate(), 0);
    return worker.err();
  }
  /// The other program stores a token, having published up to there; by its _id it is the newest that there
  /// is.
  void they_store(Mongo& database, const std::string& collection, const std::string& token) {
    const std::string id = "7fff0000" + object_id(++stored_).substr(8);
    database.insert(collection, R"({"_id":{"$oid":")" + id + R"("},"value":")" + token + "\"}");
  }
  void they_store(const std::string& token) { they_store(db(), "cs_resume_tokens", token); }
  static bool holds_token(Mongo& database, const std::string& collection, const std::string& token) {
    return database.count(collection, R"({"value":")" + token + "\"}") == 1;
  }

 private:
  int stored_ = 0;
};

TEST_F(ConnectorReturn, TheNewerOfTokenAndPositionIsUsed) {
  ChangeStream theirs(db(), "1");
  db().insert("users", numbered(1));
  EXPECT_EQ(start_connector(variables()).ready().terminate(), 0);
  for (int i = 2; i <= 3; ++i) db().insert("users", numbered(i));
  run_until(2);
  for (int i = 4; i <= 6; ++i) db().insert("users", numbered(i));
  const auto token = theirs.tokens(6);
  they_store(token[4]);
  EXPECT_NE(run_until(3).find("which is newer than the stored position"), std::string::npos);
  EXPECT_EQ(ids(messages()), (std::vector<std::string>{token[1], token[2], token[5]}));
  EXPECT_TRUE(holds_token(db(), "cs_resume_tokens", token[5]));
  // One that is older than what we did says nothing.
  they_store(token[3]);
  db().insert("users", numbered(7));
  EXPECT_EQ(run_until(4).find("resume token"), std::string::npos);
  they_store("nonsense");
  db().insert("users", numbered(8));
  EXPECT_NE(run_until(5).find("is not a resume token; the stream continues from its own position"),
            std::string::npos);
  const auto rest = theirs.tokens(2);
  EXPECT_EQ(ids(messages()), (std::vector<std::string>{token[1], token[2], token[5], rest[0], rest[1]}));
}

/// The changes between our position and their token need not be in the oplog any more.
TEST_F(ConnectorReturn, APositionThatIsLostDoesNotMatterBehindANewerToken) {
  ChangeStream theirs(db(), "1");
  db().insert("users", numbered(1));
  const auto first = theirs.tokens(1);
  they_store(first[0]);
  db().insert("users", numbered(2));
  run_until(1);
  const Document before = *state().find_one("shards");
  std::string lost = before.text("token._data");
  lost.replace(2, 8, "00000001");  // the seconds of its time
  state().update(
      "shards", "{}",
      R"({"$set":{"token":{"_data":")" + lost + R"("},"clusterTime":{"$timestamp":{"t":1,"i":1}}}})");
  db().insert("users", numbered(3));
  db().insert("users", numbered(4));
  const auto token = theirs.tokens(3);
  they_store(token[1]);
  run_until(2);
  EXPECT_EQ(ids(messages()), (std::vector<std::string>{token[0], token[2]}));
}

/// Each collection goes on behind its own token, also where another one has had no changes meanwhile.
TEST_F(ConnectorReturn, EachCollectionGoesByItsOwnToken) {
  const std::string stream_a = "A" + stream();
  const std::string stream_b = "B" + stream();
  const std::string common = "    - { dbName: " + db().database() + ", tokensDbName: " + tokens().database();
  const std::string file = connector_file(common + ", collName: a, streamName: " + stream_a + " }\n" +
                                          common + ", collName: b, streamName: " + stream_b + " }\n");
  const auto publishes = [&](std::int64_t in_a, std::int64_t in_b) {
    Worker& worker = start_connector({}, {"--config", file}).ready();
    EXPECT_TRUE(soon_holds(stream_a, in_a)) << worker.err();
    EXPECT_TRUE(soon_holds(stream_b, in_b)) << worker.err();
    return &worker;
  };
  start_connector({}, {"--config", file}).ready().terminate();
  ChangeStream of_a(db(), "\"a\"");
  ChangeStream of_b(db(), "\"b\"");
  const auto insert = [&](const std::string& collection, int id) {
    db().insert(collection, "{\"_id\":" + std::to_string(id) + "}");
  };
  insert("a", 1);
  insert("b", 1);
  EXPECT_EQ(publishes(1, 1)->terminate(), 0);
  insert("b", 2);
  for (int i = 2; i <= 4; ++i) insert("a", i);
  const auto token_a = of_a.tokens(4);
  they_store(tokens(), "a", token_a[2]);
  Worker* worker = publishes(2, 2);
  EXPECT_TRUE(worker->logs("rule a skips what the other program has published up to"));
  worker->kill9();
  insert("b", 3);
  EXPECT_EQ(publishes(2, 3)->terminate(), 0);
  EXPECT_EQ(ids(consumer().read(stream_a)), (std::vector<std::string>{token_a[0], token_a[3]}));
  EXPECT_EQ(ids(consumer().read(stream_b)), of_b.tokens(3));
  EXPECT_TRUE(holds_token(tokens(), "a", token_a[3]));
}

}  // namespace
}  // namespace sluice::test
