#include <algorithm>
#include <array>
#include <sstream>

#include "support/guarded.hpp"
#include "support/publishing.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

const std::string all_up = R"({"status":"UP","components":{"mongo":{"status":"UP"},"nats":{"status":"UP"}}})";

std::string object_id(int number) {
  std::string digits = std::to_string(number);
  return std::string(24 - digits.size(), '0') + digits;
}

std::string document(int number) {
  return R"({"_id":{"$oid":")" + object_id(number) + R"("},"n":)" + std::to_string(number) + "}";
}

/// A change stream as the drivers open it, read by hand: the place to get resume tokens from.
class ChangeStream {
 public:
  /// On one collection, or, where that is "1", on the whole database, the collection of tokens left out.
  ChangeStream(Mongo& db, const std::string& collection, const std::string& after = "") : db_(db) {
    const std::string where = after.empty() ? "" : R"("resumeAfter":{"_data":")" + after + "\"}";
    const Document reply = db_.command(
        R"({"aggregate":)" + collection + R"(,"pipeline":[{"$changeStream":{)" + where +
        R"(}},{"$match":{"ns.coll":{"$ne":"cs_resume_tokens"}}}],)" + R"("cursor":{"batchSize":0}})");
    cursor_ = reply.integer("cursor.id");
    name_ = reply.text("cursor.ns").substr(db_.database().size() + 1);
  }

  /// The tokens of the next events.
  std::vector<std::string> tokens(std::size_t count) {
    std::vector<std::string> all;
    while (all.size() < count) {
      const Document reply = db_.command(R"({"getMore":{"$numberLong":")" + std::to_string(cursor_) +
                                         R"("},"collection":")" + name_ + R"("})");
      for (int i = 0; reply.has("cursor.nextBatch." + std::to_string(i)); ++i) {
        all.push_back(reply.text("cursor.nextBatch." + std::to_string(i) + "._id._data"));
      }
    }
    return all;
  }

 private:
  Mongo& db_;
  std::int64_t cursor_ = 0;
  std::string name_;
};

/// Workers that are started as the two other connectors are.
class Connector : public PublishingTest {
 protected:
  explicit Connector(NatsServer& nats = shared_nats())
      : PublishingTest(shared_server(), nats),
        second_(server().patient_uri(), db().database() + "_2"),
        tokens_(server().patient_uri(), db().database() + "_t") {
    second_.drop_database();
    tokens_.drop_database();
  }
  ~Connector() override {
    if (HasFailure()) {
      for (const auto& one : connectors_) std::cout << one->story() << "\n";
    }
    second_.drop_database();
    tokens_.drop_database();
  }

  Mongo& second() { return second_; }
  Mongo& tokens() { return tokens_; }

  /// The replica set's URI with this test's database behind the hosts.
  std::string uri_with_database() {
    std::string uri = server().uri();
    return uri.insert(uri.find("/?") + 1, db().database());
  }

  Environment variables(const Environment& more = {}) {
    Environment all = more;
    all.insert({{"MONGO_URI", uri_with_database()},
                {"MONGO_WATCH_COLLECTIONS", "users,movies"},
                {"NATS_SERVER_URL", nats_server().url()},
                {"NATS_STREAM_NAME", stream()}});
    return all;
  }

  Worker& start_connector(const Environment& environment, const std::vector<std::string>& more = {}) {
    std::vector<std::string> flags = more;
    if (std::ranges::find(more, "--state-database") == more.end()) {
      flags.insert(flags.end(), {"--state-database", state().database()});
    }
    connectors_.push_back(std::make_unique<Worker>(
        Worker::Options{.file = "", .flags = flags, .environment = environment, .connector = true}));
    return *connectors_.back();
  }

  /// The other connector's file, with these entries under `collections`.
  std::string connector_file(const std::string& collections) {
    return folder_.write("connector.yaml", "connector:\n  log: { level: debug }\n  mongo: { uri: \"" +
                                               server().uri() + "\" }\n  nats: { url: \"" +
                                               nats_server().url() + "\" }\n  collections:\n" + collections);
  }

  bool soon_holds(const std::string& stream, std::int64_t count) {
    return workbench::eventually(patience(60s), [&] { return consumer().count(stream) >= count; });
  }

  static bool soon_ready(const Worker& worker) {
    return workbench::eventually(patience(30s), [&] { return worker.get("/readyz").status == 200; });
  }

  /// Messages about different documents come in any order.
  static std::vector<std::string> sorted(std::vector<std::string> texts) {
    std::ranges::sort(texts);
    return texts;
  }

  static std::vector<std::string> ids(const std::vector<NatsMessage>& all) {
    std::vector<std::string> ids;
    for (const auto& message : all) ids.push_back(message.headers.at("Nats-Msg-Id"));
    return ids;
  }

  static std::vector<std::string> subjects(const std::vector<NatsMessage>& all) {
    std::vector<std::string> subjects;
    for (const auto& message : all) subjects.push_back(message.subject);
    return subjects;
  }

 private:
  Mongo second_;
  Mongo tokens_;
  TemporaryDirectory folder_;
  std::vector<std::unique_ptr<Worker>> connectors_;
};

TEST_F(Connector, ByVariables) {
  consumer().add_stream(stream(), stream() + ".*.*.*");  // as that connector's users make it
  Worker& worker = start_connector(variables()).ready();
  db().insert("users", document(1));
  db().update("users", R"({"n":1})", R"({"$set":{"m":7}})");
  db().replace("users", R"({"n":1})", R"({"n":2})");
  db().remove("users", R"({"n":2})");
  db().insert("other", document(2));
  ASSERT_TRUE(soon_holds(stream(), 3));  // documents do not wait for each other
  db().insert("movies", document(3));
  ASSERT_TRUE(soon_holds(stream(), 4));
  const auto all = messages();
  const std::string id = object_id(1);
  const std::string users = stream() + ".users.";
  EXPECT_EQ(subjects(all),
            (std::vector<std::string>{users + "insert." + id, users + "update." + id, users + "replace." + id,
                                      stream() + ".movies.insert." + object_id(3)}));
  for (const auto& message : all) {
    EXPECT_EQ(message.headers.at("Nats-Msg-Id"), Document(message.data).text("_id._data"));
  }
  const Document update(all[1].data);
  EXPECT_EQ(update.text("operationType"), "update");
  EXPECT_EQ(update.text("ns.db"), db().database());
  EXPECT_EQ(update.text("ns.coll"), "users");
  EXPECT_EQ(update.integer("updateDescription.updatedFields.m"), 7);
  EXPECT_TRUE(update.has("fullDocument"));  // looked up: whatever stands there by then
  EXPECT_FALSE(update.has("fullDocumentBeforeChange"));
  EXPECT_EQ(worker.terminate(), 0);
}

TEST_F(Connector, OperationsAreThoseThatAreNamed) {
  start_connector(variables({{"MONGO_WATCH_OPERATIONS", "insert,delete"}})).ready();
  db().insert("users", document(1));
  db().update("users", R"({"n":1})", R"({"$set":{"m":7}})");
  db().remove("users", R"({"n":1})");
  ASSERT_TRUE(soon_holds(stream(), 2));
  const std::string id = object_id(1);
  EXPECT_EQ(subjects(messages()),
            (std::vector<std::string>{stream() + ".users.insert." + id, stream() + ".users.delete." + id}));
}

TEST_F(Connector, ByAFile) {
  const std::string tweets = "T" + stream();
  const std::string orders = "O" + stream();
  const std::string file = connector_file(
      "    - { dbName: " + db().database() +
      ", collName: tweets, changeStreamPreAndPostImages: true, tokensDbName: " + tokens().database() +
      ", tokensCollName: a, tokensCollCapped: true, tokensCollSizeInBytes: 4096, streamName: " + tweets +
      " }\n    - { dbName: " + second().database() +
      ", collName: orders, tokensDbName: " + tokens().database() + ", streamName: " + orders + " }\n");
  Worker& worker = start_connector({}, {"--config", file}).ready();
  db().insert("tweets", R"({"_id":"a.b","n":1})");
  db().update("tweets", "{}", R"({"$set":{"n":2}})");
  db().replace("tweets", "{}", R"({"n":3})");
  db().remove("tweets", "{}");
  second().insert("orders", R"({"_id":1})");
  ASSERT_TRUE(soon_holds(tweets, 4));
  ASSERT_TRUE(soon_holds(orders, 1));
  const auto all = consumer().read(tweets);
  EXPECT_EQ(subjects(all), (std::vector<std::string>{tweets + ".insert", tweets + ".update",
                                                     tweets + ".replace", tweets + ".delete"}));
  EXPECT_EQ(Document(all[1].data).integer("fullDocumentBeforeChange.n"), 1);
  EXPECT_EQ(all[1].headers.at("Nats-Msg-Id"), Document(all[1].data).text("_id._data"));
  EXPECT_EQ(subjects(consumer().read(orders)), std::vector<std::string>{orders + ".insert"});
  const Document made = consumer().api("STREAM.INFO." + tweets);
  EXPECT_EQ(made.text("config.subjects.0"), tweets + ".*");
  EXPECT_EQ(made.text("config.storage"), "file");
  EXPECT_EQ(made.text("config.retention"), "limits");
  // Only where the file asks for them are images turned on.
  const Document listed = second().command(R"({"listCollections":1,"filter":{"name":"orders"}})");
  EXPECT_FALSE(listed.boolean("cursor.firstBatch.0.options.changeStreamPreAndPostImages.enabled"));
  EXPECT_EQ(worker.terminate(), 0);
}

TEST_F(Connector, HealthIsWhatTheOthersAnswer) {
  NatsServer nats;
  Worker& worker = start_connector(variables({{"NATS_SERVER_URL", nats.url()}})).ready();
  const auto answers = [&](const std::string& path, int status, const std::string& body) {
    return workbench::eventually(patience(30s), [&] {
      const auto reply = worker.get(path);
      return reply.status == status && reply.body == body;
    });
  };
  EXPECT_TRUE(answers("/healthz", 200, all_up)) << worker.get("/healthz").body;
  EXPECT_TRUE(answers("/health", 200, R"({"mongo":"UP","nats":"UP"})")) << worker.get("/health").body;
  EXPECT_TRUE(soon_ready(worker));
  EXPECT_EQ(worker.get("/metrics").status, 200);
  EXPECT_EQ(worker.get("/status").status, 200);
  nats.kill9();
  EXPECT_TRUE(answers("/healthz", 200,
                      R"({"status":"UP","components":{"mongo":{"status":"UP"},"nats":{"status":"DOWN"}}})"));
  EXPECT_TRUE(answers("/health", 503, R"({"mongo":"UP","nats":"DOWN"})"));
  nats.restart();
  EXPECT_TRUE(answers("/healthz", 200, all_up)) << worker.get("/healthz").body;
  EXPECT_EQ(worker.terminate(), 0);
}

/// {value: token}, the newest the one with the highest _id; a stream on the whole database.
TEST_F(Connector, TheTokensOfTheFirstArePickedUp) {
  ChangeStream theirs(db(), "1");
  for (int i = 1; i <= 4; ++i) db().insert("users", document(i));
  const auto token = theirs.tokens(4);
  for (int i : {0, 1}) db().insert("cs_resume_tokens", R"({"value":")" + token[i] + "\"}");
  Worker& worker = start_connector(variables()).ready();
  EXPECT_TRUE(worker.logs("beginning behind the resume token"));
  ASSERT_TRUE(soon_holds(stream(), 2));
  db().insert("users", document(5));
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
  db().insert("users", document(6));
  ASSERT_TRUE(soon_holds(stream(), 4));
  EXPECT_EQ(messages().size(), 4U);
  EXPECT_EQ(again.err().find("resume token"), std::string::npos) << again.err();
}

/// A collection each, and a stream on each; the newest of a capped one is that which was inserted last.
TEST_F(Connector, TheTokensOfTheSecondArePickedUp) {
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
  ASSERT_TRUE(soon_holds(stream_b, 3));
  EXPECT_TRUE(worker.logs("the oldest of 2"));
  EXPECT_EQ(ids(consumer().read(stream_a)), std::vector<std::string>{token_a[2]});
  // Two of these had been published: they come again by the same ids.
  const auto again = ids(consumer().read(stream_b));
  EXPECT_EQ(again.size(), 3U);
  EXPECT_NE(std::ranges::find(again, token_b[1]), again.end());
  EXPECT_NE(std::ranges::find(again, token_b[2]), again.end());
  EXPECT_EQ(worker.terminate(), 0);
}

TEST_F(Connector, ATokenThatIsNoneIsSaid) {
  db().insert("cs_resume_tokens", R"({"value":"nonsense"})");
  Worker& worker = start_connector(variables());
  EXPECT_EQ(worker.wait(), 4);
  EXPECT_NE(worker.err().find("'nonsense' in " + db().database() + ".cs_resume_tokens is no resume token"),
            std::string::npos)
      << worker.err();
}

/// As many as one likes are started: one publishes, the others stand by and take over.
TEST_F(Connector, InstancesStandBy) {
  std::array<Worker*, 2> instances{};
  for (Worker*& one : instances) one = &start_connector(variables()).ready();
  const auto holds = [](const Worker* one) {
    return one->metrics().sum("sluice_cluster_partitions_held") == 1;
  };
  ASSERT_TRUE(
      workbench::eventually(patience(20s), [&] { return std::ranges::count_if(instances, holds) == 1; }));
  if (!holds(instances[0])) std::swap(instances[0], instances[1]);
  for (const Worker* one : instances) {
    EXPECT_TRUE(workbench::eventually(patience(20s), [&] { return one->get("/healthz").body == all_up; }))
        << one->get("/healthz").body;
    EXPECT_TRUE(soon_ready(*one)) << one->get("/readyz").body;
  }
  db().insert("users", document(1));
  ASSERT_TRUE(soon_holds(stream(), 1));
  instances[0]->kill9();
  db().insert("users", document(2));
  ASSERT_TRUE(soon_holds(stream(), 2));
  EXPECT_TRUE(holds(instances[1]));
  EXPECT_EQ(instances[1]->terminate(), 0);
}

/// One more collection was a restart, and is.
TEST_F(Connector, ACollectionIsAdded) {
  EXPECT_EQ(start_connector(variables({{"MONGO_WATCH_COLLECTIONS", "users"}})).ready().terminate(), 0);
  db().insert("users", document(1));
  start_connector(variables({{"MONGO_WATCH_COLLECTIONS", "users,shows"}})).ready();
  db().insert("shows", document(2));
  ASSERT_TRUE(soon_holds(stream(), 2));
  EXPECT_EQ(sorted(subjects(messages())),
            (std::vector<std::string>{stream() + ".shows.insert." + object_id(2),
                                      stream() + ".users.insert." + object_id(1)}));
}

/// Who waits for /healthz and then writes finds everything published, however long it took to start.
TEST_F(Connector, HealthzIsUpOnceEveryChangeIsPublished) {
  NatsServer nats;
  nats.kill9();
  Worker& worker = start_connector(variables({{"NATS_SERVER_URL", nats.url()}}));
  ASSERT_TRUE(worker.logs("outlet " + nats.url() + " is down"));
  EXPECT_EQ(worker.get("/healthz").status, 503);
  EXPECT_EQ(worker.get("/health").status, 503);
  nats.restart();
  ASSERT_TRUE(workbench::eventually(patience(30s), [&] { return worker.get("/healthz").status == 200; }));
  for (int i = 1; i <= 10; ++i) db().insert("users", document(i));
  EXPECT_TRUE(workbench::eventually(patience(60s), [&] { return Nats(nats.url()).count(stream()) == 10; }));
  EXPECT_EQ(worker.terminate(), 0);
}

/// Collections and the whole database come and go, and nothing that is written is missing.
TEST_F(Connector, DropsAndRenamesEndNothing) {
  Worker& worker = start_connector(variables({{"MONGO_WATCH_OPERATIONS", "insert"}})).ready();
  db().insert("users", document(1));
  db().command(R"({"drop":"users"})");
  db().insert("users", document(2));
  db().admin(R"({"renameCollection":")" + db().database() + R"(.users","to":")" + db().database() +
             R"(.people"})");
  db().insert("users", document(3));
  ASSERT_TRUE(soon_holds(stream(), 3));
  for (int i = 4; i <= 6; ++i) {
    db().drop_database();
    db().insert("users", document(i));
  }
  ASSERT_TRUE(soon_holds(stream(), 6)) << worker.err();
  EXPECT_TRUE(soon_ready(worker));
  db().drop_database();
  EXPECT_EQ(worker.terminate(), 0);
  db().insert("users", document(7));
  Worker& again = start_connector(variables({{"MONGO_WATCH_OPERATIONS", "insert"}})).ready();
  db().insert("users", document(8));
  ASSERT_TRUE(soon_holds(stream(), 8)) << again.err();
  std::vector<std::string> all;
  for (int i = 1; i <= 8; ++i) all.push_back(stream() + ".users.insert." + object_id(i));
  EXPECT_EQ(subjects(messages()), all);
  EXPECT_EQ(again.terminate(), 0);
}

/// The newest token is that of the last message, and the other program goes on behind it.
TEST_F(Connector, TheTokensOfWhatIsPublishedAreStored) {
  const auto stored = [&] {
    const Document newest = db().command(R"({"find":"cs_resume_tokens","sort":{"_id":-1},"limit":1})");
    return newest.has("cursor.firstBatch.0") ? newest.text("cursor.firstBatch.0.value") : "";
  };
  db().insert("cs_resume_tokens", R"({"note":"nothing yet"})");
  db().command(R"({"drop":"cs_resume_tokens"})");
  Worker& worker = start_connector(variables()).ready();
  for (int i = 1; i <= 4; ++i) db().insert("users", document(i));
  ASSERT_TRUE(soon_holds(stream(), 4));
  const std::string last = ids(messages()).back();
  EXPECT_TRUE(workbench::eventually(patience(20s), [&] { return stored() == last; })) << stored();
  db().insert("movies", document(5));
  ASSERT_TRUE(soon_holds(stream(), 5));
  EXPECT_EQ(worker.terminate(), 0);
  EXPECT_EQ(stored(), ids(messages()).back()) << "at the end";
  EXPECT_EQ(db().count("cs_resume_tokens"), 1);
  db().insert("users", document(6));
  ChangeStream theirs(db(), "1", stored());
  const std::string next = theirs.tokens(1).front();
  start_connector(variables()).ready();
  ASSERT_TRUE(soon_holds(stream(), 6));
  EXPECT_EQ(ids(messages()).back(), next);
}

/// Each collection's tokens are of its own changes, so that a stream on that collection can go on behind
/// them.
TEST_F(Connector, EachCollectionHasItsTokens) {
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

/// Whichever documents they are about, and whoever publishes to the stream as well.
TEST_F(Connector, MessagesComeInTheOrderOfTheChanges) {
  Nats others = consumer();
  others.add_stream(stream(), stream() + ".>");
  start_connector(variables()).ready();
  std::vector<Document> many;
  for (int i = 1; i <= 2000; ++i) many.emplace_back(document(i));
  db().insert("users", many);
  for (int i = 0; i < 20; ++i) {
    others.publish(stream() + ".other.note.x", "{}", "note-" + std::to_string(i));
    db().command(R"({"update":"users","updates":[{"q":{},"u":{"$inc":{"m":1}},"multi":true}]})");
    if (i == 2) break;
  }
  for (int i = 3; i < 60; ++i) others.publish(stream() + ".other.note.x", "{}", "note-" + std::to_string(i));
  ASSERT_TRUE(soon_holds(stream(), 8060));
  std::string before;
  std::size_t backwards = 0;
  for (const std::string& id : ids(messages())) {
    if (id.starts_with("note-")) continue;
    backwards += id < before ? 1 : 0;
    before = id;
  }
  EXPECT_EQ(backwards, 0U);
}

/// A full stream that refuses what is too large for it takes nothing that comes behind either.
TEST_F(Connector, NothingOvertakesWhatAFullStreamRefuses) {
  consumer().add_stream(stream(), stream() + ".>", R"(,"max_bytes":200000,"discard":"new")");
  Worker& worker = start_connector(variables()).ready();
  const std::string long_text(60000, 'x');
  std::vector<Document> mixed;
  for (int i = 1; i <= 60; ++i) {
    mixed.emplace_back(R"({"_id":)" + std::to_string(i) + R"(,"t":")" + (i % 6 == 0 ? long_text : "s") +
                       "\"}");
  }
  db().insert("users", mixed);
  ASSERT_TRUE(worker.logs("the stream is full"));
  std::vector<std::string> all;
  const bool whole = workbench::eventually(patience(60s), [&] {
    const auto read = messages();
    for (const auto& id : ids(read)) all.push_back(id);
    if (!read.empty()) {
      consumer().api("STREAM.PURGE." + stream(),
                     R"({"seq":)" + std::to_string(read.back().sequence + 1) + "}");
    }
    return all.size() >= 60;
  });
  EXPECT_TRUE(whole) << all.size();
  EXPECT_TRUE(std::ranges::is_sorted(all));
}

/// A user who may write to the watched database only is told where positions go instead.
TEST_F(Connector, RightsOnTheWatchedDatabaseAreEnough) {
  GuardedReplicaSet guarded;
  guarded.make_user("other", "pw", R"({"role":"readWrite","db":")" + db().database() + "\"}");
  std::string uri = guarded.uri_of("other", "pw");
  uri.insert(uri.find("/?") + 1, db().database());
  Worker& refused = start_connector(variables({{"MONGO_URI", uri}}));
  EXPECT_TRUE(refused.logs("state one that it may write (--state-database)")) << refused.err();
  refused.kill9();
  Worker& worker =
      start_connector(variables({{"MONGO_URI", uri}}), {"--state-database", db().database()}).ready();
  Mongo there(guarded.uri(), db().database());
  there.insert("users", document(1));
  ASSERT_TRUE(soon_holds(stream(), 1)) << worker.err();
  EXPECT_EQ(worker.terminate(), 0);
  EXPECT_EQ(there.count("cs_resume_tokens"), 1);
}

/// Ids of any type have a place in the subject, and messages without our headers have the other's alone.
TEST_F(Connector, NumbersAsIdsAndNoHeadersOfOurs) {
  Worker& worker = start_connector(variables(), {"--headers", "none"}).ready();
  db().insert("users", R"({"_id":{"$numberLong":"9007199254740993"}})");
  db().insert("users", R"({"_id":{"$numberDouble":"1.5"}})");
  ASSERT_TRUE(soon_holds(stream(), 2));
  const auto all = messages();
  EXPECT_EQ(subjects(all), (std::vector<std::string>{stream() + ".users.insert.9007199254740993",
                                                     stream() + ".users.insert.1%2E5"}));
  EXPECT_NE(all[0].data.find(R"("documentKey":{"_id":9007199254740993})"), std::string::npos) << all[0].data;
  EXPECT_NE(all[1].data.find(R"("documentKey":{"_id":1.5})"), std::string::npos) << all[1].data;
  for (const auto& [name, value] : all[0].headers) EXPECT_TRUE(name.starts_with("Nats-")) << name;
  EXPECT_EQ(worker.terminate(), 0);
  std::istringstream lines(worker.err());
  for (std::string line; std::getline(lines, line);) EXPECT_TRUE(Document(line).has("message")) << line;
}

TEST_F(Connector, WhatIsMissingIsNamed) {
  Environment few = variables();
  few.erase("MONGO_URI");
  const Outcome outcome = run_sluice({"connector"}, few);
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_NE(outcome.err.find("MONGO_URI is not set"), std::string::npos) << outcome.err;
  const Outcome printed = run_sluice({"connector", "--print"}, variables());
  EXPECT_EQ(printed.exit_code, 0);
  EXPECT_NE(printed.out.find("subject: \"" + stream() + ".{coll}.{op}.{id}\""), std::string::npos)
      << printed.out;
}

}  // namespace
}  // namespace sluice::test
