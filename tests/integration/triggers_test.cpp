#include "support/reload_fixture.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

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
  ASSERT_TRUE(worker.logs("trigger unsound of " + db().database() + " is skipped")) << worker.story();
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
