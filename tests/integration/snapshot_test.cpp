#include <map>

#include "support/publishing.hpp"

namespace sluice::test {
namespace {

/// What stands in a collection, told between the events.
class Snapshot : public PublishingTest {
 protected:
  void insert_items(int from, int to) {
    std::vector<Document> all;
    for (int i = from; i < to; ++i) all.emplace_back("{\"_id\":" + std::to_string(i) + ",\"n\":0}");
    db().insert("items", all);
  }
  /// What a consumer that applies messages as they come ends up with, by id.
  std::map<std::string, std::int64_t> applied() {
    std::map<std::string, std::int64_t> documents;
    for (const NatsMessage& message : messages()) {
      const Document event(message.data);
      const std::string id = event.value("documentKey._id");
      const std::string operation = event.text("operationType");
      if (operation == "delete") {
        documents.erase(id);
      } else if (operation == "update") {
        documents[id] = event.integer("updateDescription.updatedFields.n");
      } else {
        documents[id] = event.integer("fullDocument.n");
      }
    }
    return documents;
  }
  std::map<std::string, std::int64_t> standing() {
    std::map<std::string, std::int64_t> documents;
    db().scan("items", {}, {}, [&](const Document& one) { documents[one.value("_id")] = one.integer("n"); });
    return documents;
  }
  std::int64_t told(const std::string& operation) {
    std::int64_t count = 0;
    for (const NatsMessage& message : messages()) {
      count += message.headers.at("Sluice-Operation") == operation ? 1 : 0;
    }
    return count;
  }
  bool all_shards_done(std::size_t shards) {
    return soon(
        [&] { return state().count("snapshots", R"({"done":true})") == static_cast<std::int64_t>(shards); });
  }
  Outcome ask(const std::string& file, std::vector<std::string> more) {
    return run_sluice(here_run({"snapshot", file}, std::move(more)));
  }
};

TEST_F(Snapshot, WhatStandsIsToldFirstAndNothingTwice) {
  insert_items(0, 2500);
  const std::string file = publish_file("      snapshot: first\n");
  start_publishing(file).ready();
  ASSERT_TRUE(holds(2500));
  EXPECT_EQ(told("snapshot"), 2500);
  ASSERT_TRUE(all_shards_done(1));
  db().update_many("items", R"({"_id":{"$lt":100}})", R"({"$inc":{"n":1}})");
  ASSERT_TRUE(holds(2600));
  EXPECT_EQ(applied(), standing());
  terminate_all();
  start_publishing(file).ready();
  db().insert("items", R"({"_id":"last","n":7})");
  ASSERT_TRUE(holds(2601));
  EXPECT_EQ(told("snapshot"), 2500);
}

/// Of every document the messages come in an order that ends with what stands, although it is written all the
/// while.
TEST_F(Snapshot, BetweenTheEventsOfWritersWithSeveralShards) {
  insert_items(0, 3000);
  const std::string file = publish_file("      snapshot: first\n");
  for (int shard = 0; shard < 2; ++shard) {
    start(file, {"--nats-url", nats_server().url(), "--batch-docs", "50"}, 2, shard);
  }
  for (int round = 0; round < 20; ++round) {
    db().update_many("items", R"({"_id":{"$mod":[7,)" + std::to_string(round % 7) + "]}}",
                     R"({"$inc":{"n":1}})");
    db().remove_many("items", R"({"_id":{"$mod":[101,)" + std::to_string(round) + "]}}");
    insert_items(10'000 + round * 10, 10'010 + round * 10);
  }
  for (std::size_t i = 0; i < workers(); ++i) worker(i).ready();
  ASSERT_TRUE(all_shards_done(2));
  ASSERT_TRUE(settled(2));
  EXPECT_EQ(applied(), standing());
}

TEST_F(Snapshot, OnDemandWhileAWorkerRuns) {
  insert_items(0, 1200);
  db().insert("others", R"({"_id":1,"n":1})");
  const std::string file = publish_file("", "[items, others]");
  start_publishing(file).ready();
  db().update_many("items", "{}", R"({"$inc":{"n":1}})");
  ASSERT_TRUE(holds(1200));
  EXPECT_EQ(told("snapshot"), 0);
  const Outcome wrong = ask(file, {"--rule", "ouf"});
  EXPECT_EQ(wrong.exit_code, 1);
  EXPECT_NE(wrong.err.find("did you mean 'out'"), std::string::npos) << wrong.err;
  const Outcome asked = ask(file, {"--rule", "out", "--collection", "items"});
  EXPECT_EQ(asked.exit_code, 0) << asked.err;
  ASSERT_TRUE(holds(2400));
  EXPECT_EQ(told("snapshot"), 1200);
  ASSERT_TRUE(all_shards_done(1));
  EXPECT_NE(ask(file, {"--status"}).out.find("1200 documents published, done"), std::string::npos);
  EXPECT_EQ(ask(file, {"--rule", "out"}).exit_code, 0);
  ASSERT_TRUE(holds(3601));
  EXPECT_EQ(told("snapshot"), 2401);
}

/// Killed midway: it goes on where it was left. What is told twice has the id it had.
TEST_F(Snapshot, GoesOnAfterAKill) {
  insert_items(0, 6000);
  const std::string file = publish_file("      snapshot: first\n");
  start_publishing(file, {"--batch-docs", "20", "--in-flight", "1", "--queue-events", "1000"}).ready();
  ASSERT_TRUE(soon([&] { return consumer().count(stream()) > 500; }));
  worker().kill9();
  worker().wait();
  forget_workers();
  EXPECT_LT(consumer().count(stream()), 6000);
  start_publishing(file).ready();
  ASSERT_TRUE(holds(6000));
  ASSERT_TRUE(all_shards_done(1));
  EXPECT_EQ(consumer().count(stream()), 6000);
  EXPECT_EQ(applied(), standing());
}

/// A start at the present moment stores no first position, but was a start.
TEST_F(Snapshot, ARuleThatIsAddedAfterAStartAtThePresentTellsNothingOfWhatStands) {
  insert_items(0, 20);
  db().insert("others", R"({"_id":1,"n":1})");
  const std::string one = "  - name: out\n    publish: { from: items, stream: " + stream() + " }\n";
  start_publishing(file(one), {"--restart-now"}).ready();
  ASSERT_TRUE(settled());
  terminate_all();
  const std::string added = "  - name: added\n    publish: { from: others, stream: " + stream() +
                            ", message_id: \"a-{token}\", snapshot: first }\n";
  start_publishing(file(one + added), {"--accept-changed-rules"}).ready();
  db().insert("others", R"({"_id":2,"n":1})");
  ASSERT_TRUE(holds(1));
  EXPECT_EQ(state().count("snapshots"), 0);
  EXPECT_EQ(told("snapshot"), 0);
}

/// A lost position, here by changed rules: what was missed is made good by what stands.
TEST_F(Snapshot, ARebuildTellsWhatStandsOnceMore) {
  insert_items(0, 300);
  start_publishing(publish_file()).ready();
  db().update_many("items", "{}", R"({"$inc":{"n":1}})");
  ASSERT_TRUE(holds(300));
  ASSERT_TRUE(settled());
  terminate_all();
  db().update_many("items", R"({"_id":{"$lt":100}})", R"({"$inc":{"n":1}})");
  start_publishing(publish_file("      subject: \"{stream}.changed.{id}\"\n"), {"--on-lost", "rebuild"})
      .ready();
  ASSERT_TRUE(holds(600));
  EXPECT_EQ(told("snapshot"), 300);
  EXPECT_EQ(applied(), standing());
}

TEST_F(Snapshot, WhatAnotherRuleKeepsBackIsKeptBack) {
  db().insert("items", R"({"_id":1,"n":1,"secret":2})");
  const std::string discreet = "  - name: discreet\n    publish: { from: items, stream: " + stream() +
                               ", message_id: \"d-{token}\", redact: [secret] }\n";
  start_publishing(file("  - name: out\n    publish: { from: items, stream: " + stream() +
                        ", snapshot: first }\n" + discreet))
      .ready();
  ASSERT_TRUE(all_shards_done(1));
  ASSERT_EQ(told("snapshot"), 1);
  EXPECT_EQ(messages().front().data.find("secret"), std::string::npos) << messages().front().data;
}

TEST_F(Snapshot, IdsOfAllKindsAndWhatARuleKeepsBack) {
  for (const char* id : {"7", "\"7\"", R"({"$oid":"507f1f77bcf86cd799439011"})", "null", "true", R"("$x")",
                         R"({"a":1})", "1.5", R"({"$date":"2020-01-01T00:00:00Z"})"}) {
    db().insert("items", std::string("{\"n\":1,\"secret\":2,\"_id\":") + id + "}");
  }
  db().insert("items", R"({"_id":"left out","n":0})");
  start_publishing(publish_file("      snapshot: first\n      redact: [secret]\n"
                                "      where: { $gt: [\"$fullDocument.n\", 0] }\n"))
      .ready();
  ASSERT_TRUE(holds(9));
  ASSERT_TRUE(all_shards_done(1));
  EXPECT_EQ(consumer().count(stream()), 9);
  for (const NatsMessage& message : messages())
    EXPECT_EQ(message.data.find("secret"), std::string::npos) << message.data;
}

/// Finished is finished, however the work is divided later; begun is gone on with.
TEST_F(Snapshot, IsNotToldAgainInAnotherLayout) {
  insert_items(0, 1500);
  const std::string file = publish_file("      snapshot: first\n");
  start_publishing(file).ready();
  ASSERT_TRUE(all_shards_done(1));
  terminate_all();
  for (int shard = 0; shard < 3; ++shard) start(file, {"--nats-url", nats_server().url()}, 3, shard);
  for (std::size_t i = 0; i < workers(); ++i) worker(i).ready();
  ASSERT_TRUE(all_shards_done(4));
  terminate_all();
  start_member(file, 2, {"--nats-url", nats_server().url()}).ready();
  ASSERT_TRUE(all_shards_done(6));
  insert_items(5000, 5001);
  ASSERT_TRUE(holds(1501));
  EXPECT_EQ(told("snapshot"), 1500);
}

/// While the server refuses to store how far it is, or to read the collection.
class SnapshotFaults : public Snapshot {
 protected:
  ~SnapshotFaults() override { strike("", "\"off\""); }
  void strike(const std::string& data, const std::string& mode) {
    db().admin(R"({"configureFailPoint":"failCommand","mode":)" + mode +
               (data.empty() ? "" : ",\"data\":{" + data + "}") + "}");
  }
  std::int64_t struck() {
    return db().admin(R"({"configureFailPoint":"failCommand","mode":"off"})").integer("count");
  }
  std::string on_the_records() {
    return R"("failCommands":["update"],"errorCode":11601,"namespace":")" + state().database() +
           ".snapshots\"";
  }
};

TEST_F(SnapshotFaults, AProgressThatCannotBeStoredForAWhileIsStoredThen) {
  insert_items(0, 2500);
  const std::string file = publish_file("");
  Worker& worker = start_publishing(file).ready();
  ASSERT_EQ(ask(file, {"--rule", "out"}).exit_code, 0);
  strike(on_the_records(), "\"alwaysOn\"");
  ASSERT_TRUE(holds(2500));
  ASSERT_TRUE(worker.logs("cannot be stored yet")) << worker.story();
  EXPECT_EQ(state().count("snapshots", R"({"done":true})"), 0);
  EXPECT_GT(struck(), 0);
  ASSERT_TRUE(all_shards_done(1)) << worker.story();
  ASSERT_EQ(ask(file, {"--rule", "out"}).exit_code, 0);
  ASSERT_TRUE(holds(5000)) << "the next one comes, too";
}

/// As it stands now, when the server has forgotten how it stood: the stream's place and time are those of the
/// stream all the same.
TEST_F(SnapshotFaults, ThatReadsWhatStandsNowHasTheTimeOfTheStream) {
  insert_items(0, 10);
  const std::string file = publish_file("");
  start_publishing(file).ready();
  strike(R"("failCommands":["aggregate"],"errorCode":239,"namespace":")" + db().database() + ".items\"",
         R"({"times":1})");
  ASSERT_EQ(ask(file, {"--rule", "out"}).exit_code, 0);
  ASSERT_TRUE(holds(10));
  EXPECT_GT(struck(), 0);
  for (const NatsMessage& message : messages())
    EXPECT_NE(message.headers.at("Sluice-Cluster-Time").substr(0, 2), "0.") << message.data;
  ASSERT_TRUE(all_shards_done(1));
  EXPECT_EQ(state().count("shards", R"({"clusterTime":{"$timestamp":{"t":0,"i":0}}})"), 0);
}

/// A collection that cannot be read is not asked for at every answer of the stream.
TEST_F(SnapshotFaults, AReadThatFailsIsTriedAgainAfterPauses) {
  insert_items(0, 10);
  const std::string file = publish_file("");
  Worker& worker = start_publishing(file).ready();
  const std::int64_t before = struck();
  strike(R"("failCommands":["aggregate"],"errorCode":11601,"namespace":")" + db().database() + ".items\"",
         "\"alwaysOn\"");
  ASSERT_EQ(ask(file, {"--rule", "out"}).exit_code, 0);
  ASSERT_TRUE(worker.logs("cannot be read yet")) << worker.story();
  insert_items(10, 400);
  for (int i = 0; i < 300; ++i) db().update("items", R"({"_id":1})", R"({"$inc":{"n":1}})");
  ASSERT_TRUE(holds(690)) << worker.story();
  EXPECT_LT(struck() - before, 60);
  ASSERT_TRUE(holds(690 + 400));
  ASSERT_TRUE(all_shards_done(1));
}

}  // namespace
}  // namespace sluice::test
