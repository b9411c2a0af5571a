#include <algorithm>
#include <array>

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
  /// On one collection, or, where that is "1", on the whole database.
  ChangeStream(Mongo& db, const std::string& collection) : db_(db) {
    const Document reply = db_.command(R"({"aggregate":)" + collection +
                                       R"(,"pipeline":[{"$changeStream":{}}],"cursor":{"batchSize":0}})");
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
    std::vector<std::string> flags = {"--state-database", state().database()};
    flags.insert(flags.end(), more.begin(), more.end());
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
  EXPECT_EQ(db().count("cs_resume_tokens"), 2);  // left as it was, so that there is a way back
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
