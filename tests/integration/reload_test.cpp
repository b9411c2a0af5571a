#include <csignal>

#include <atomic>

#include "support/cluster_fixture.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

constexpr const char* likes = R"(
  - name: likes
    count: { from: favorites, reference: articleId, into: articles, field: favoritesCount })";
constexpr const char* late_likes = R"(
  - name: late-likes
    count: { from: favorites, reference: articleId, into: articles, field: lateCount })";

/// Favourites, inserted by a thread of its own until it is told to stop.
class Inserts {
 public:
  Inserts(const std::string& uri, const std::string& database)
      : thread_([this, uri, database](const std::stop_token& stop) {
          Mongo db(uri, database);
          while (!stop.stop_requested()) {
            std::vector<Document> documents;
            for (int i = 0; i < 50; ++i) documents.emplace_back("{\"articleId\":" + std::to_string(i) + "}");
            db.insert("favorites", documents);
            written_ += 50;
          }
        }) {}
  int written() const { return written_; }
  void finish() {
    thread_.request_stop();
    thread_.join();
  }

 private:
  std::atomic<int> written_ = 0;
  std::jthread thread_;
};

class Reload : public ClusterTest {
 protected:
  void articles() {
    std::vector<Document> documents;
    for (int i = 0; i < 50; ++i) documents.emplace_back("{\"_id\":" + std::to_string(i) + "}");
    db().insert("articles", documents);
  }
  void favourites(int count) {
    std::vector<Document> documents;
    for (int i = 0; i < count; ++i) {
      documents.emplace_back("{\"articleId\":" + std::to_string(i % 50) + "}");
    }
    db().insert("favorites", documents);
  }
  std::int64_t sum(Mongo& database, const std::string& field) {
    std::int64_t total = 0;
    for (const Document& article : database.find("articles")) total += article.integer(field, 0);
    return total;
  }
  std::int64_t sum(const std::string& field) { return sum(db(), field); }
  /// What a rule counts that came in the middle of things cannot be said; what it counts from now on can.
  void expect_counts_all_from_now(const std::string& field, int shards) {
    ASSERT_TRUE(settled(shards));
    const std::int64_t before = sum(field);
    favourites(500);
    ASSERT_TRUE(settled(shards));
    EXPECT_EQ(sum(field), before + 500);
  }
  testing::AssertionResult verified(const std::string& path) {
    const Outcome outcome = run_sluice(here_run({"verify", path}, {"--rule", "likes"}));
    if (outcome.exit_code == 0) return testing::AssertionSuccess();
    return testing::AssertionFailure() << outcome.out << outcome.err;
  }
  /// How often a stream of one shard was taken.
  std::int64_t epoch(const std::string& stream) {
    const auto shard = state().find_one("shards", R"({"streamId":"test/)" + stream + R"("})");
    return shard ? shard->integer("epoch") : 0;
  }
  static double reloads(const Worker& worker, const std::string& result) {
    return worker.metrics().sum("sluice_config_reloads_total", "result=\"" + result + "\"");
  }
  static bool is_ready(const Worker& worker) { return worker.get("/readyz").status == 200; }
  static std::string refused(const Worker& worker) {
    return Document(worker.get("/status").body).text("configuration.refused");
  }
  /// Two streams, the second of another database and wherever `more` says.
  std::string two_streams(const std::string& more = "") {
    return one_stream("first", db().database()) + one_stream("second", db().database() + "_2", more);
  }
  static std::string one_stream(const std::string& name, const std::string& database,
                                const std::string& more = "") {
    return "  - name: " + name + "\n    database: " + database + "\n" + more + "    rules:\n" +
           "      - name: likes\n        count: { from: favorites, reference: articleId, into: articles, "
           "field: favoritesCount }\n";
  }
  std::string write(const std::string& streams) const {
    return folder_.write("worker.yaml", "pipeline: test\nindexes: create\nstreams:\n" + streams);
  }

  TemporaryDirectory folder_;
};

/// A rule that several partitions could not keep in order is refused as at a start.
TEST_F(Reload, ARuleThatNeedsOnePartitionIsRefusedByMembersOfMore) {
  articles();
  Worker& worker = start_member(file(likes), 2).ready();
  file(std::string(likes) + R"(
  - name: latest
    write: { from: favorites, into: latest, mode: upsert, id: NEW.articleId, values: { at: time() } })");
  ASSERT_TRUE(soon([&] { return reloads(worker, "refused") == 1; }));
  EXPECT_NE(refused(worker).find("the 'id' of rule 'latest'"), std::string::npos) << refused(worker);
  favourites(50);
  EXPECT_TRUE(soon([&] { return sum("favoritesCount") == 50; }));
}

TEST_F(Reload, ARuleThatIsAddedInTheMiddleOfAStorm) {
  articles();
  Worker& worker = start(file(likes)).ready();
  Inserts inserts(server().patient_uri(), db().database());
  ASSERT_TRUE(soon([&] { return inserts.written() >= 500; }, 60s));
  const std::string path = file(std::string(likes) + late_likes);
  ASSERT_TRUE(worker.logs("configuration reloaded: 1 stream changed, 0 added, 0 removed"));
  const int written = inserts.written();
  ASSERT_TRUE(soon([&] { return sum("lateCount") > 0 && inserts.written() >= written + 500; }, 60s));
  inserts.finish();
  expect_counts_all_from_now("lateCount", 1);
  EXPECT_LT(sum("lateCount"), sum("favoritesCount"));
  EXPECT_EQ(sum("favoritesCount"), db().count("favorites"));
  EXPECT_TRUE(verified(path));
  EXPECT_EQ(reloads(worker, "applied"), 1);
  EXPECT_EQ(state().count("dead_letters"), 0);
}

/// Said by the very marks that a crash leaves: nothing is flushed for it.
TEST_F(Reload, KilledRightAfterAReloadItStartsWithTheNewRulesAndLosesNothing) {
  articles();
  start(file(likes)).ready();
  Inserts inserts(server().patient_uri(), db().database());
  ASSERT_TRUE(soon([&] { return inserts.written() >= 500; }, 60s));
  const std::string path = file(std::string(likes) + late_likes);
  ASSERT_TRUE(worker().logs("configuration reloaded: 1 stream changed"));
  worker().kill9();
  replace_worker(0, path, {}, 1, 0).ready();
  inserts.finish();
  expect_counts_all_from_now("lateCount", 1);
  EXPECT_EQ(sum("favoritesCount"), db().count("favorites"));
  EXPECT_TRUE(verified(path));
}

TEST_F(Reload, ABrokenFileLeavesTheOldRulesRunningAndSaysWhy) {
  articles();
  Worker& worker = start(file(likes)).ready();
  file("\n  - name: likes\n    count: { from: favorites, referense: articleId, into: articles, field: x }");
  ASSERT_TRUE(worker.logs("the new configuration cannot be used, the old one goes on"));
  ASSERT_TRUE(soon([&] { return reloads(worker, "refused") == 1; }));
  EXPECT_NE(refused(worker).find("rules.yaml:6:"), std::string::npos) << refused(worker);
  EXPECT_NE(refused(worker).find("reference"), std::string::npos) << refused(worker);
  EXPECT_TRUE(is_ready(worker));
  favourites(100);
  ASSERT_TRUE(settled());
  EXPECT_EQ(sum("favoritesCount"), 100);
  file(std::string(likes) + late_likes);
  worker.signal(SIGHUP);
  ASSERT_TRUE(worker.logs("configuration reloaded: 1 stream changed"));
  ASSERT_TRUE(soon([&] { return epoch(db().database()) == 2 && refused(worker).empty(); }));
  EXPECT_EQ(reloads(worker, "refused"), 1);  // once for the text, not once for each look
  expect_counts_all_from_now("lateCount", 1);
  EXPECT_EQ(sum("favoritesCount"), 600);
}

TEST_F(Reload, WhatNeedsARestartIsNamedAndTheRestIsTakenUp) {
  Worker& worker = start(file(likes)).ready();
  file(std::string(likes) + "\nengine: { queue_events: 1234 }");
  ASSERT_TRUE(worker.logs("in force only from the next start on: engine.queue_events"));
  ASSERT_TRUE(worker.logs("configuration reloaded: 0 streams changed, 0 added, 0 removed"));
  EXPECT_TRUE(is_ready(worker));
  EXPECT_EQ(epoch(db().database()), 1);  // never let go
}

TEST_F(Reload, StreamsAreAddedAndRemovedAndTheOthersAreLeftAlone) {
  articles();
  Mongo other(server().patient_uri(), db().database() + "_2");
  other.drop_database();
  Worker& worker = start(write(one_stream("first", db().database()))).ready();
  write(two_streams());
  ASSERT_TRUE(worker.logs("configuration reloaded: 0 streams changed, 1 added, 0 removed"));
  ASSERT_TRUE(worker.logs("second: streaming")) << worker.story();
  other.insert("articles", R"({"_id":1})");
  other.insert("favorites", R"({"articleId":1})");
  ASSERT_TRUE(soon([&] { return sum(other, "favoritesCount") == 1; }));
  write(one_stream("first", db().database()));
  ASSERT_TRUE(worker.logs("configuration reloaded: 0 streams changed, 0 added, 1 removed"));
  ASSERT_TRUE(worker.logs("second: stopped"));
  ASSERT_TRUE(soon([&] { return worker.get("/status").body.find("second") == std::string::npos; }));
  EXPECT_EQ(worker.get("/readyz").body.find("second"), std::string::npos);
  EXPECT_TRUE(is_ready(worker));
  other.insert("favorites", R"({"articleId":1})");
  favourites(50);
  ASSERT_TRUE(soon([&] { return sum("favoritesCount") == 50; }));
  EXPECT_EQ(sum(other, "favoritesCount"), 1);
  EXPECT_EQ(epoch("first"), 1);
  // It goes on from where it stood.
  write(two_streams());
  ASSERT_TRUE(soon([&] { return sum(other, "favoritesCount") == 2; }));
  EXPECT_EQ(worker.terminate(), 0);
  other.drop_database();
}

TEST_F(Reload, AStreamThatDoesNotComeToRunAsItWasChangedGoesOnAsItWas) {
  Mongo other(server().patient_uri(), db().database() + "_2");
  other.drop_database();
  other.insert("articles", R"({"_id":1})");
  Worker& worker = start(write(two_streams())).ready();
  const workbench::Port nobody;
  write(two_streams("    uri: 'mongodb://127.0.0.1:" + nobody.text() +
                    "/?replicaSet=rs0&serverSelectionTimeoutMS=100'\n"));
  ASSERT_TRUE(worker.logs("it goes on as it was before", 60s)) << worker.story();
  ASSERT_TRUE(soon([&] { return is_ready(worker) && refused(worker).find("second") != std::string::npos; }));
  other.insert("favorites", R"({"articleId":1})");
  EXPECT_TRUE(soon([&] { return sum(other, "favoritesCount") == 1; }));
  EXPECT_EQ(worker.terminate(), 0);
  other.drop_database();
}

TEST_F(Reload, AllMembersOfAClusterTakeTheNewRules) {
  articles();
  const std::string path = file(likes);
  Worker& one = start_member(path, 4).ready();
  Worker& two = start_member(path, 4).ready();
  members_again({&one, &two});
  ASSERT_TRUE(becomes_even(4));
  Inserts inserts(server().patient_uri(), db().database());
  ASSERT_TRUE(soon([&] { return inserts.written() >= 500; }, 60s));
  const std::string old_rules = state().find("shards").at(0).text("optionsHash");
  file(std::string(likes) + late_likes);
  for (Worker* member : {&one, &two}) {
    ASSERT_TRUE(member->logs("configuration reloaded: 1 stream changed")) << member->story();
  }
  const auto all_by_new_rules = [&] {
    return state().count("shards", R"({"optionsHash":{"$ne":")" + old_rules + R"("}})") == 4;
  };
  ASSERT_TRUE(soon(all_by_new_rules, 60s));
  ASSERT_TRUE(becomes_even(4));
  ASSERT_TRUE(soon([&] { return is_ready(one) && is_ready(two); }, 60s));
  const int written = inserts.written();
  ASSERT_TRUE(soon([&] { return inserts.written() >= written + 500; }, 60s));
  inserts.finish();
  expect_counts_all_from_now("lateCount", 4);
  EXPECT_EQ(sum("favoritesCount"), db().count("favorites"));
  EXPECT_TRUE(verified(path));
  terminate_all();
}

/// Triggers as the state database keeps them.
class Triggers : public Reload {
 protected:
  void put(const std::string& name, const std::string& field, const std::string& kind = "count",
           const std::string& into = "articles") {
    const std::string rule = "{ name: " + name + ", " + kind +
                             ": { from: favorites, reference: articleId, into: " + into +
                             ", field: " + field + " } }";
    const auto field_of = [](const std::string& key, const std::string& text) {
      return "\"" + key + "\":\"" + text + "\",";
    };
    state().insert("triggers", "{" + field_of("_id", "test/" + db().database() + "/" + name) +
                                   field_of("pipeline", "test") + field_of("stream", db().database()) +
                                   field_of("name", name) + field_of("text", "by hand") +
                                   field_of("rule", rule) + "\"createdAt\":{\"$date\":1000}}");
  }
  std::string stream_of_triggers() { return db().database() + ":triggers"; }
};

TEST_F(Triggers, OneIsTakenUpAndDroppedWhileTheWorkerRuns) {
  articles();
  Worker& worker = start(file(likes)).ready();
  put("extra", "extraCount");
  ASSERT_TRUE(worker.logs("configuration reloaded: 0 streams changed, 1 added, 0 removed"));
  ASSERT_TRUE(worker.logs(stream_of_triggers() + ": streaming")) << worker.story();
  favourites(200);
  ASSERT_TRUE(soon([&] { return sum("extraCount") == 200; })) << sum("extraCount");
  put("more", "moreCount");
  ASSERT_TRUE(worker.logs("configuration reloaded: 1 stream changed, 0 added, 0 removed"));
  ASSERT_TRUE(soon([&] { return epoch(stream_of_triggers()) == 2; }));
  favourites(100);
  ASSERT_TRUE(soon([&] { return sum("extraCount") == 300 && sum("moreCount") == 100; }));
  state().remove_many("triggers", Document("{}"));
  ASSERT_TRUE(worker.logs("configuration reloaded: 0 streams changed, 0 added, 1 removed"));
  ASSERT_TRUE(worker.logs(stream_of_triggers() + ": stopped"));
  favourites(50);
  ASSERT_TRUE(soon([&] { return sum("favoritesCount") == 350; }));
  EXPECT_EQ(sum("extraCount"), 300);
  EXPECT_EQ(sum("moreCount"), 100);
  EXPECT_EQ(epoch(db().database()), 1);
}

/// Through all its tries, by a shard and by a member, and never as one that is about to begin.
TEST_F(Triggers, OneThatIsTriedAgainKeepsSayingWhy) {
  db().command(Document(R"({"create":"seen","viewOn":"articles","pipeline":[]})"));
  for (const bool of_cluster : {false, true}) {
    put("extra", "n", "count", "seen");
    Worker& worker = of_cluster ? start_member(file(likes), 1) : start(file(likes));
    worker.ready();
    ASSERT_TRUE(soon([&] { return worker.get("/readyz").body.find("is a view") != std::string::npos; }))
        << worker.get("/readyz").body << worker.story();
    constexpr int questions_over_several_tries = 5000;
    for (int i = 0; i < questions_over_several_tries; ++i) {
      const std::string body = worker.get("/readyz").body;
      ASSERT_NE(body.find("is a view"), std::string::npos) << i << ": " << body;
    }
    const Outcome top = run_sluice({"top", "127.0.0.1:" + worker.port()});
    EXPECT_NE(top.out.find("1 of 2 streams ready"), std::string::npos) << top.out;
    terminate_all();
    state().drop_database();
  }
}

TEST_F(Triggers, AreThereFromTheStartAndGoOnWhereTheyStood) {
  articles();
  put("extra", "extraCount");
  start(file(likes)).ready();
  favourites(100);
  ASSERT_TRUE(soon([&] { return sum("extraCount") == 100; }));
  worker().kill9();
  favourites(100);
  replace_worker(0, file(likes), {}, 1, 0).ready();
  ASSERT_TRUE(soon([&] { return sum("extraCount") == 200 && sum("favoritesCount") == 200; }));
}

TEST_F(Triggers, OneThatIsNoRuleIsLeftOutAndTheOthersRun) {
  articles();
  put("sound", "extraCount");
  put("unsound", "moreCount", "no-such-kind");
  Worker& worker = start(file(likes)).ready();
  ASSERT_TRUE(worker.logs("trigger unsound of " + db().database() + " is left out")) << worker.story();
  favourites(100);
  ASSERT_TRUE(soon([&] { return sum("extraCount") == 100 && sum("favoritesCount") == 100; }));
  EXPECT_TRUE(is_ready(worker));
}

TEST_F(Triggers, AreTakenUpByAllMembersOfACluster) {
  articles();
  const std::string path = file(likes);
  Worker& one = start_member(path, 4).ready();
  Worker& two = start_member(path, 4).ready();
  put("extra", "extraCount");
  const auto holds_some = [&](Worker& worker) {
    return worker.metrics().sum("sluice_cluster_partitions_held",
                                "stream=\"" + stream_of_triggers() + "\"") == 2;
  };
  ASSERT_TRUE(soon([&] { return holds_some(one) && holds_some(two); }, 60s));
  favourites(200);
  ASSERT_TRUE(soon([&] { return sum("extraCount") == 200; }, 60s)) << sum("extraCount");
  state().remove_many("triggers", Document("{}"));
  for (Worker* member : {&one, &two}) {
    ASSERT_TRUE(member->logs("configuration reloaded: 0 streams changed, 0 added, 1 removed"));
  }
  ASSERT_TRUE(soon([&] { return is_ready(one) && is_ready(two); }, 60s));
  terminate_all();
}

/// The commands; what they write is the same whatever language a trigger is stated in.
class TriggerCommands : public Triggers {
 protected:
  Outcome trigger(const std::string& verb, const std::vector<std::string>& words = {}) {
    std::vector<std::string> command = {"trigger", verb, path_};
    command.insert(command.end(), words.begin(), words.end());
    return run_sluice(here_run(command));
  }
  static std::string text(const std::string& name, const std::string& into,
                          const std::string& verb = "CREATE") {
    return verb + " TRIGGER " + name + "\n  AFTER INSERT ON favorites DO INSERT INTO " + into +
           " (article) VALUES (NEW.articleId)";
  }
  static testing::AssertionResult done(const Outcome& outcome) {
    if (outcome.exit_code == 0) return testing::AssertionSuccess();
    return testing::AssertionFailure() << outcome.exit_code << ": " << outcome.out << outcome.err;
  }
  static testing::AssertionResult refused(const Outcome& outcome, const std::string& sentence) {
    if (outcome.exit_code == 1 && outcome.err.find(sentence) != std::string::npos) {
      return testing::AssertionSuccess();
    }
    return testing::AssertionFailure() << outcome.exit_code << ": " << outcome.out << outcome.err;
  }

  const std::string path_ = file(likes);
};

TEST_F(TriggerCommands, CreateListExplainReplaceAndDrop) {
  EXPECT_EQ(trigger("list").out, "0 triggers\n");
  ASSERT_TRUE(done(trigger("create", {text("extra", "extraCount")})));
  EXPECT_TRUE(refused(trigger("create", {text("extra", "otherCount")}), "CREATE OR REPLACE TRIGGER"));
  const auto kept = state().find_one("triggers");
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->text("_id"), "test/" + db().database() + "/extra");
  EXPECT_NE(kept->text("rule").find("extraCount"), std::string::npos);
  ASSERT_TRUE(done(trigger("create", {text("extra", "otherCount", "CREATE OR REPLACE")})));
  const auto replaced = state().find_one("triggers");
  EXPECT_NE(replaced->text("rule").find("otherCount"), std::string::npos);
  EXPECT_EQ(replaced->value("createdAt"), kept->value("createdAt"));
  const std::string listed = trigger("list").out;
  EXPECT_NE(listed.find("TRIGGER extra AFTER INSERT ON favorites DO"), std::string::npos)
      << listed;  // on one line
  EXPECT_NE(listed.find("1 trigger\n"), std::string::npos) << listed;
  EXPECT_EQ(Document(trigger("list", {"--json"}).out).text("name"), "extra");
  for (const std::string& what : {std::string("extra"), text("another", "otherCount")}) {
    const Outcome explained = trigger("explain", {what});
    ASSERT_TRUE(done(explained));
    EXPECT_NE(explained.out.find("otherCount"), std::string::npos) << explained.out;
    EXPECT_NE(explained.out.find("$match"), std::string::npos) << explained.out;
  }
  EXPECT_TRUE(refused(trigger("drop", {"extar"}), "did you mean 'extra'"));
  ASSERT_TRUE(done(trigger("drop", {"extra"})));
  EXPECT_EQ(state().count("triggers"), 0);
}

TEST_F(TriggerCommands, WhatIsNoRuleIsNotKept) {
  EXPECT_TRUE(refused(trigger("create", {"CREATE TRIGGER extra AFTER UPDATE ON favorites DO UPDATE "
                                         "favorites SET a = 1 WHERE ID = id()"}),
                      "would trigger it again"));
  EXPECT_TRUE(refused(trigger("create", {text("extra", "f"), "--stream", "nowhere"}), "unknown stream"));
  EXPECT_TRUE(refused(trigger("create"), "--from"));
  EXPECT_EQ(state().count("triggers"), 0);
}

/// What happened while there was none is not made up for.
TEST_F(TriggerCommands, TheFirstAfterAllWereDroppedBeginsAtThePresentMoment) {
  articles();
  Worker& worker = start(path_).ready();
  ASSERT_TRUE(done(trigger("create", {text("extra", "extraCount")})));
  ASSERT_TRUE(worker.logs(stream_of_triggers() + ": streaming"));
  favourites(100);
  ASSERT_TRUE(soon([&] { return db().count("extraCount") == 100; }));
  ASSERT_TRUE(done(trigger("drop", {"extra"})));
  ASSERT_TRUE(worker.logs(stream_of_triggers() + ": stopped"));
  favourites(50);
  ASSERT_TRUE(done(trigger("create", {text("extra", "extraCount")})));
  ASSERT_TRUE(soon([&] { return epoch(stream_of_triggers()) == 3 && is_ready(worker); }));
  favourites(10);
  ASSERT_TRUE(soon([&] { return sum("favoritesCount") == 160 && db().count("extraCount") >= 110; }));
  EXPECT_EQ(db().count("extraCount"), 110);
}

/// Dropped and created again between two looks of the worker, which is fenced off by it and goes on anew.
TEST_F(TriggerCommands, AWorkerThatHasNotNoticedTheDropGoesOnAnew) {
  articles();
  Worker& worker = start(path_).ready();
  ASSERT_TRUE(done(trigger("create", {text("extra", "extraCount")})));
  ASSERT_TRUE(worker.logs(stream_of_triggers() + ": streaming"));
  state().remove_many("triggers", Document("{}"));
  ASSERT_TRUE(done(trigger("create", {text("extra", "extraCount")})));
  ASSERT_TRUE(soon([&] { return epoch(stream_of_triggers()) == 3 && is_ready(worker); }, 60s));
  favourites(10);
  ASSERT_TRUE(soon([&] { return db().count("extraCount") == 10; })) << db().count("extraCount");
  EXPECT_TRUE(worker.running());
  EXPECT_EQ(epoch(db().database()), 1);
}

}  // namespace
}  // namespace sluice::test
