#include "support/connecting.hpp"
#include "support/guarded.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

/// Resume tokens: those of the connector that it replaces, and those that it stores itself.
class ConnectorTokens : public Connector {};

/// {value: token}, the newest the one with the highest _id; a stream on the whole database.
TEST_F(ConnectorTokens, TheTokensOfTheFirstArePickedUp) {
  ChangeStream theirs(db(), "1");
  for (int i = 1; i <= 4; ++i) db().insert("users", numbered(i));
  const auto token = theirs.tokens(4);
  for (int i : {0, 1}) db().insert("cs_resume_tokens", R"({"value":")" + token[i] + "\"}");
  Worker& worker = start_connector(variables()).ready();
  EXPECT_TRUE(worker.logs("starting after the resume token"));
  ASSERT_TRUE(soon_holds(stream(), 2));
  db().insert("users", numbered(5));
  ASSERT_TRUE(soon_holds(stream(), 3));
  const auto all = messages();
  EXPECT_EQ(sorted(subjects(all)), (std::vector<std::string>{stream() + ".users.insert." + object_id(3),
                                                             stream() + ".users.insert." + object_id(4),
                                                             stream() + ".users.insert." + object_id(5)}));
  const auto known = ids(all);
  EXPECT_NE(std::ranges::find(known, token[2]), known.end());
  EXPECT_EQ(worker.terminate(), 0);
  // From now on the position is our own.
  Worker& again = start_connector(variables()).ready();
  db().insert("users", numbered(6));
  ASSERT_TRUE(soon_holds(stream(), 4));
  EXPECT_EQ(messages().size(), 4U);
  EXPECT_EQ(again.err().find("resume token"), std::string::npos) << again.err();
}

/// A collection each, and a stream on each; the newest of a capped one is that which was inserted last.
TEST_F(ConnectorTokens, TheTokensOfTheSecondArePickedUp) {
  db().insert("a", R"({"_id":0})");
  db().insert("b", R"({"_id":0})");
  ChangeStream of_a(db(), "\"a\"");
  ChangeStream of_b(db(), "\"b\"");
  for (int i = 1; i <= 3; ++i) {
    db().insert("a", "{\"_id\":" + std::to_string(i) + "}");
    db().insert("b", "{\"_id\":" + std::to_string(i) + "}");
  }
  const auto token_a = of_a.tokens(3);
  const auto token_b = of_b.tokens(3);
  tokens().command(R"({"create":"a","capped":true,"size":4096})");
  tokens().insert("a", R"({"_id":9,"value":")" + token_a[0] + "\"}");
  tokens().insert("a", R"({"_id":1,"value":")" + token_a[1] + "\"}");
  tokens().insert("b", R"({"_id":2,"value":")" + token_b[2] + "\"}");
  tokens().insert("b", R"({"_id":1,"value":")" + token_b[0] + "\"}");
  const std::string stream_a = "A" + stream();
  const std::string stream_b = "B" + stream();
  const std::string common = "    - { dbName: " + db().database() + ", tokensDbName: " + tokens().database();
  const std::string file =
      connector_file(common + ", collName: a, tokensCollCapped: true, streamName: " + stream_a + " }\n" +
                     common + ", collName: b, streamName: " + stream_b + " }\n");
  Worker& worker = start_connector({}, {"--config", file}).ready();
  db().insert("b", R"({"_id":4})");
  ASSERT_TRUE(soon_holds(stream_a, 1));
  ASSERT_TRUE(soon_holds(stream_b, 1));
  EXPECT_TRUE(worker.logs("the oldest of 2"));
  EXPECT_EQ(ids(consumer().read(stream_a)), std::vector<std::string>{token_a[2]});
  EXPECT_EQ(ids(consumer().read(stream_b)), of_b.tokens(1)) << "two had been published";
  EXPECT_EQ(worker.terminate(), 0);
}

TEST_F(ConnectorTokens, ATokenThatIsNoneIsSaid) {
  db().insert("cs_resume_tokens", R"({"value":"nonsense"})");
  Worker& worker = start_connector(variables());
  EXPECT_EQ(worker.wait(), 4);
  EXPECT_NE(worker.err().find("'nonsense' in " + db().database() + ".cs_resume_tokens is not a resume token"),
            std::string::npos)
      << worker.err();
}

/// The newest token is that of the last message, and the other program goes on behind it.
TEST_F(ConnectorTokens, TheTokensOfWhatIsPublishedAreStored) {
  const auto stored = [&] {
    const Document newest = db().command(R"({"find":"cs_resume_tokens","sort":{"_id":-1},"limit":1})");
    return newest.has("cursor.firstBatch.0") ? newest.text("cursor.firstBatch.0.value") : "";
  };
  db().insert("cs_resume_tokens", R"({"note":"nothing yet"})");
  db().command(R"({"drop":"cs_resume_tokens"})");
  Worker& worker = start_connector(variables()).ready();
  for (int i = 1; i <= 4; ++i) db().insert("users", numbered(i));
  ASSERT_TRUE(soon_holds(stream(), 4));
  const std::string last = ids(messages()).back();
  EXPECT_TRUE(workbench::eventually(patience(20s), [&] { return stored() == last; })) << stored();
  db().insert("movies", numbered(5));
  ASSERT_TRUE(soon_holds(stream(), 5));
  EXPECT_EQ(worker.terminate(), 0);
  EXPECT_EQ(stored(), ids(messages()).back()) << "at the end";
  EXPECT_EQ(db().count("cs_resume_tokens"), 1);
  db().insert("users", numbered(6));
  ChangeStream theirs(db(), "1", stored());
  const std::string next = theirs.tokens(1).front();
  start_connector(variables()).ready();
  ASSERT_TRUE(soon_holds(stream(), 6));
  EXPECT_EQ(ids(messages()).back(), next);
}

/// Each collection's tokens are of its own changes, so that a stream on that collection can go on behind
/// them.
TEST_F(ConnectorTokens, EachCollectionHasItsTokens) {
  const std::string stream_a = "A" + stream();
  const std::string stream_b = "B" + stream();
  const std::string common = "    - { dbName: " + db().database() + ", tokensDbName: " + tokens().database();
  const std::string file = connector_file(
      common + ", collName: a, tokensCollCapped: true, tokensCollSizeInBytes: 8192, streamName: " + stream_a +
      " }\n" + common + ", collName: b, streamName: " + stream_b + " }\n");
  Worker& worker = start_connector({}, {"--config", file}).ready();
  for (int i = 1; i <= 3; ++i) {
    db().insert("a", "{\"_id\":" + std::to_string(i) + "}");
    db().insert("b", "{\"_id\":" + std::to_string(i) + "}");
  }
  ASSERT_TRUE(soon_holds(stream_a, 3));
  ASSERT_TRUE(soon_holds(stream_b, 3));
  EXPECT_EQ(worker.terminate(), 0);
  const auto newest = [&](const std::string& name, const std::string& sort) {
    return tokens()
        .command("{\"find\":\"" + name + R"(","sort":{")" + sort + R"(":-1},"limit":1})")
        .text("cursor.firstBatch.0.value");
  };
  EXPECT_EQ(newest("a", "$natural"), ids(consumer().read(stream_a)).back());
  EXPECT_EQ(newest("b", "_id"), ids(consumer().read(stream_b)).back());
  const Document listed = tokens().command(R"({"listCollections":1,"filter":{"name":"a"}})");
  EXPECT_TRUE(listed.boolean("cursor.firstBatch.0.options.capped"));
  EXPECT_EQ(listed.integer("cursor.firstBatch.0.options.size"), 8192);
}

/// A user who may write to the watched database only is told where positions go instead.
TEST_F(ConnectorTokens, RightsOnTheWatchedDatabaseAreEnough) {
  GuardedReplicaSet guarded;
  guarded.make_user("other", "pw", R"({"role":"readWrite","db":")" + db().database() + "\"}");
  std::string uri = guarded.uri_of("other", "pw");
  uri.insert(uri.find("/?") + 1, db().database());
  Worker& refused = start_connector(variables({{"MONGO_URI", uri}}));
  EXPECT_TRUE(refused.logs("choose one that it may write (--state-database)")) << refused.err();
  refused.kill9();
  Worker& worker =
      start_connector(variables({{"MONGO_URI", uri}}), {"--state-database", db().database()}).ready();
  Mongo there(guarded.uri(), db().database());
  there.insert("users", numbered(1));
  ASSERT_TRUE(soon_holds(stream(), 1)) << worker.err();
  EXPECT_EQ(worker.terminate(), 0);
  EXPECT_EQ(there.count("cs_resume_tokens"), 1);
}

/// A user who may read what is watched, and write where the tokens are and nowhere else.
TEST_F(ConnectorTokens, RightsOnTheWatchedAndTheTokensDatabaseAreEnough) {
  GuardedReplicaSet guarded;
  guarded.make_user("other", "pw",
                    R"({"role":"read","db":")" + db().database() + R"("},{"role":"readWrite","db":")" +
                        tokens().database() + "\"}");
  const std::string orders = "O" + stream();
  const std::string file = connector_file("    - { dbName: " + db().database() +
                                          ", collName: orders, tokensDbName: " + tokens().database() +
                                          ", tokensCollCapped: true, streamName: " + orders + " }\n");
  const Environment environment = {{"MONGO_URI", guarded.uri_of("other", "pw")}};
  Worker& refused = start_connector(environment, {"--config", file});
  EXPECT_TRUE(refused.logs("choose one that it may write (--state-database)")) << refused.err();
  refused.kill9();
  const std::vector<std::string> flags = {"--config", file, "--state-database", tokens().database()};
  Mongo there(guarded.uri(), db().database());
  Mongo tokens_there(guarded.uri(), tokens().database());
  for (int i = 1; i <= 2; ++i) {
    Worker& worker = start_connector(environment, flags).ready();
    there.insert("orders", numbered(i));
    ASSERT_TRUE(soon_holds(orders, i)) << worker.err();
    EXPECT_EQ(worker.terminate(), 0);
    EXPECT_EQ(tokens_there.count("orders"), i) << worker.err();
  }
}

}  // namespace
}  // namespace sluice::test
