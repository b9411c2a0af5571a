#include <csignal>

#include <atomic>

#include "support/reload_fixture.hpp"
#include "support/test_thread.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

constexpr const char* late_likes = R"(
  - name: late-likes
    count: { from: favorites, reference: articleId, into: articles, field: lateCount })";

/// Favourites, inserted by a thread of its own until it is told to stop.
class Inserts {
 public:
  Inserts(const std::string& uri, const std::string& database)
      : thread_(test_thread([this, uri, database](const std::stop_token& stop) {
          Mongo db(uri, database);
          while (!stop.stop_requested()) {
            std::vector<Document> documents;
            for (int i = 0; i < 50; ++i) documents.emplace_back("{\"articleId\":" + std::to_string(i) + "}");
            db.insert("favorites", documents);
            written_ += 50;
          }
        })) {}
  int written() const { return written_; }
  void finish() {
    thread_.request_stop();
    thread_.join();
  }

 private:
  std::atomic<int> written_ = 0;
  std::jthread thread_;
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
  ASSERT_TRUE(worker.logs("the new configuration cannot be used, so the old one stays in force"));
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
  ASSERT_TRUE(worker.logs("these options take effect only after a restart: engine.queue_events"));
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
  ASSERT_TRUE(worker.logs("it keeps the one it had", 60s)) << worker.story();
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

}  // namespace
}  // namespace sluice::test
