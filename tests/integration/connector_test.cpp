#include <array>
#include <sstream>

#include "support/connecting.hpp"
#include "support/guarded.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

const std::string all_up = R"({"status":"UP","components":{"mongo":{"status":"UP"},"nats":{"status":"UP"}}})";

TEST_F(Connector, ByVariables) {
  consumer().add_stream(stream(), stream() + ".*.*.*");  // as that connector's users make it
  Worker& worker = start_connector(variables()).ready();
  db().insert("users", numbered(1));
  db().update("users", R"({"n":1})", R"({"$set":{"m":7}})");
  db().replace("users", R"({"n":1})", R"({"n":2})");
  db().remove("users", R"({"n":2})");
  db().insert("other", numbered(2));
  ASSERT_TRUE(soon_holds(stream(), 3));  // documents do not wait for each other
  db().insert("movies", numbered(3));
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
  db().insert("users", numbered(1));
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
  db().insert("users", numbered(1));
  ASSERT_TRUE(soon_holds(stream(), 1));
  instances[0]->kill9();
  db().insert("users", numbered(2));
  ASSERT_TRUE(soon_holds(stream(), 2));
  EXPECT_TRUE(holds(instances[1]));
  EXPECT_EQ(instances[1]->terminate(), 0);
}

/// One more collection was a restart, and is.
TEST_F(Connector, ACollectionIsAdded) {
  EXPECT_EQ(start_connector(variables({{"MONGO_WATCH_COLLECTIONS", "users"}})).ready().terminate(), 0);
  db().insert("users", numbered(1));
  start_connector(variables({{"MONGO_WATCH_COLLECTIONS", "users,shows"}})).ready();
  db().insert("shows", numbered(2));
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
  for (int i = 1; i <= 10; ++i) db().insert("users", numbered(i));
  EXPECT_TRUE(workbench::eventually(patience(60s), [&] { return Nats(nats.url()).count(stream()) == 10; }));
  EXPECT_EQ(worker.terminate(), 0);
}

/// Collections and the whole database come and go, and nothing that is written is missing.
TEST_F(Connector, DropsAndRenamesEndNothing) {
  Worker& worker = start_connector(variables({{"MONGO_WATCH_OPERATIONS", "insert"}})).ready();
  db().insert("users", numbered(1));
  db().command(R"({"drop":"users"})");
  db().insert("users", numbered(2));
  db().admin(R"({"renameCollection":")" + db().database() + R"(.users","to":")" + db().database() +
             R"(.people"})");
  db().insert("users", numbered(3));
  ASSERT_TRUE(soon_holds(stream(), 3));
  for (int i = 4; i <= 6; ++i) {
    db().drop_database();
    db().insert("users", numbered(i));
  }
  ASSERT_TRUE(soon_holds(stream(), 6)) << worker.err();
  EXPECT_TRUE(soon_ready(worker));
  db().drop_database();
  EXPECT_EQ(worker.terminate(), 0);
  db().insert("users", numbered(7));
  Worker& again = start_connector(variables({{"MONGO_WATCH_OPERATIONS", "insert"}})).ready();
  db().insert("users", numbered(8));
  ASSERT_TRUE(soon_holds(stream(), 8)) << again.err();
  std::vector<std::string> all;
  for (int i = 1; i <= 8; ++i) all.push_back(stream() + ".users.insert." + object_id(i));
  EXPECT_EQ(subjects(messages()), all);
  EXPECT_EQ(again.terminate(), 0);
}

/// Whichever documents they are about, and whoever publishes to the stream as well.
TEST_F(Connector, MessagesComeInTheOrderOfTheChanges) {
  Nats others = consumer();
  others.add_stream(stream(), stream() + ".>");
  start_connector(variables()).ready();
  std::vector<Document> many;
  for (int i = 1; i <= 2000; ++i) many.emplace_back(numbered(i));
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
  std::uint64_t newest = 0;
  const bool whole = workbench::eventually(patience(60s), [&] {
    std::vector<NatsMessage> read = messages();
    std::erase_if(read, [&](const NatsMessage& message) { return message.sequence <= newest; });
    for (const auto& id : ids(read)) all.push_back(id);
    if (read.empty()) return all.size() >= 60;
    newest = read.back().sequence;
    // The newest message stays, so that the purge cannot take one that was stored after it.
    consumer().api("STREAM.PURGE." + stream(), R"({"seq":)" + std::to_string(newest) + "}");
    return all.size() >= 60;
  });
  EXPECT_TRUE(whole) << all.size() << " messages, the newest is " << newest << ": "
                     << consumer().api("STREAM.INFO." + stream()).json();
  EXPECT_TRUE(std::ranges::is_sorted(all));
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
