#include "support/history_lost.hpp"
#include "support/storm_thread.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

TEST_F(HistoryLost, FailSaysTheRemedies) {
  lose_history();
  Worker& worker = start(realworld_file());
  EXPECT_EQ(worker.wait(), 4) << worker.story();
  EXPECT_NE(worker.err().find("--on-lost rebuild"), std::string::npos) << worker.err();
  EXPECT_NE(worker.err().find("--restart-now"), std::string::npos) << worker.err();
}

TEST_F(HistoryLost, RestartNowGoesOnWithTheTargetsAsTheyAre) {
  lose_history();
  start(realworld_file(), {"--on-lost", "restart-now"}).ready();
  ASSERT_TRUE(recovered("restart-now"));
  db().insert("articles", R"({"_id":"new"})");
  db().insert("favorites", R"({"_id":"new","articleId":"new"})");
  EXPECT_TRUE(becomes("articles", R"("new")", R"({"_id":"new","favoritesCount":1})"));
  EXPECT_NE(worker().err().find("without the changes in between"), std::string::npos) << worker().story();
}

TEST_F(HistoryLost, RebuildMakesItGoodWhileApplicationsWrite) {
  lose_history();
  storm_.first_new = 500000000;
  StormThread storm(server().patient_uri(), db().database(), storm_);
  start(realworld_file(), {"--on-lost", "rebuild"}).ready();
  EXPECT_TRUE(recovered("rebuild"));
  const auto report = storm.finish();
  EXPECT_EQ(report.failed, 0) << report.first_failure;
  EXPECT_TRUE(exact()) << "SLUICE_SEED=" << random_seed();
}

TEST_F(HistoryLost, OneRebuildServesAllShards) {
  start_shards(realworld_file(), 3);
  realworld::seed(db(), storm_.sizes);
  ASSERT_TRUE(exact(3));
  terminate_all();
  storm_.operations = 200;
  realworld::storm(server().patient_uri(), db().database(), storm_);
  roll();
  for (int i = 0; i < 3; ++i) start(realworld_file(), {"--on-lost", "rebuild"}, 3, i);
  // Those that streamed already when the first found its position lost are fenced off by its rebuild, and
  // take their shards again.
  const auto rebuilt = [&](std::size_t i) {
    return worker(i).err().find("the backfill is done") != std::string::npos;
  };
  const auto ready = [&](std::size_t i) { return worker(i).get("/readyz").status == 200; };
  EXPECT_TRUE(soon([&] { return rebuilt(0) || rebuilt(1) || rebuilt(2); }, 60s));
  EXPECT_TRUE(soon([&] { return ready(0) && ready(1) && ready(2); }, 60s));
  EXPECT_TRUE(exact(3)) << "SLUICE_SEED=" << random_seed();
  for (std::size_t i = 0; i < 3; ++i) EXPECT_TRUE(worker(i).running()) << worker(i).story();
}

/// Positions that are refused, and collections that go, under a worker whose policy is to rebuild.
class PositionLost : public PipelineTest {
 protected:
  PositionLost() : storm_(small_storm()) {}

  void begin() {
    start(realworld_file(), {"--on-lost", "rebuild"}).ready();
    realworld::seed(db(), storm_.sizes);
    ASSERT_TRUE(exact());
  }

  testing::AssertionResult rebuilt(int times = 1) {
    const bool lost =
        soon([&] { return metric("sluice_position_lost_total", R"(policy="rebuild")") >= times; });
    if (!lost) return testing::AssertionFailure() << "no position was lost\n" << worker().story();
    const auto ready = [&] { return worker().get("/readyz").status == 200; };
    if (soon(ready)) return testing::AssertionSuccess();
    return testing::AssertionFailure() << "not ready again\n" << worker().story();
  }

  realworld::StormOptions storm_;
};

TEST_F(PositionLost, ADroppedSource) {
  begin();
  db().command(R"({"drop":"favorites"})");
  ASSERT_TRUE(rebuilt());
  EXPECT_EQ(db().count("articles", R"({"favoritesCount":{"$gt":0}})"), 0);
  db().insert("articles", R"({"_id":"new"})");
  db().insert("favorites", R"({"_id":1,"articleId":"new"})");
  EXPECT_TRUE(becomes("articles", R"("new")", R"({"_id":"new","favoritesCount":1})"));
  // The collection that came again has its pre-images, without which nothing could be taken away.
  db().remove("favorites", R"({"_id":1})");
  EXPECT_TRUE(becomes("articles", R"("new")", R"({"_id":"new","favoritesCount":0})"));
  EXPECT_TRUE(exact());
}

TEST_F(PositionLost, ARenamedCollectionTakesAnothersPlace) {
  begin();
  db().insert("articles", R"({"_id":"mine"})");
  db().insert("imported", R"({"_id":1,"articleId":"mine"})");
  db().insert("imported", R"({"_id":2,"articleId":"mine"})");
  db().admin(R"({"renameCollection":")" + db().database() + R"(.imported","to":")" + db().database() +
             R"(.favorites","dropTarget":true})");
  ASSERT_TRUE(rebuilt());
  EXPECT_TRUE(exact());
  EXPECT_EQ(db().count("articles", R"({"favoritesCount":2})"), 1);
}

TEST_F(PositionLost, ADroppedDatabase) {
  begin();
  db().drop_database();
  ASSERT_TRUE(rebuilt());
  realworld::seed(db(), storm_.sizes);
  EXPECT_TRUE(exact());
}

TEST_F(PositionLost, ATokenOfAnotherServer) {
  begin();
  terminate_all();
  realworld::storm(server().patient_uri(), db().database(), storm_);
  state().update_many("shards", {}, R"({"$set":{"token":{"_data":"82not-a-token"}}})");
  start(realworld_file(), {"--on-lost", "rebuild"}).ready();
  EXPECT_TRUE(rebuilt());
  EXPECT_TRUE(exact());
}

/// The rebuild of one shard fences the others off in mid-stream. They stand in line again, and nobody has to
/// be started.
TEST_F(PositionLost, OfOneShardWhileTheOthersStream) {
  const std::vector<std::string> flags = {"--on-lost", "rebuild"};
  start_shards(realworld_file(), 3, flags);
  realworld::seed(db(), storm_.sizes);
  ASSERT_TRUE(exact(3));
  EXPECT_EQ(worker(0).terminate(), 0);
  state().update_many("shards", R"({"index":0})", R"({"$set":{"token":{"_data":"82not-a-token"}}})");
  StormThread storm(server().patient_uri(), db().database(), storm_);
  replace_worker(0, realworld_file(), flags, 3, 0).ready();
  for (std::size_t i : {1, 2})
    EXPECT_TRUE(worker(i).logs("lost its lease; waiting until it can take it again")) << worker(i).story();
  storm.finish();
  for (std::size_t i : {0, 1, 2}) {
    EXPECT_TRUE(soon([&] { return worker(i).get("/readyz").status == 200; })) << worker(i).story();
  }
  EXPECT_TRUE(exact(3)) << "SLUICE_SEED=" << random_seed();
}

TEST_F(PositionLost, ChangedRules) {
  const std::string counted = R"(
  - name: likes
    count: { from: favorites, reference: articleId, into: articles, field: favoritesCount })";
  const std::string otherwise = R"(
  - name: likes
    count: { from: favorites, reference: articleId, into: articles, field: likes })";
  start(file(counted)).ready();
  realworld::seed(db(), storm_.sizes);
  ASSERT_TRUE(settled());
  terminate_all();
  EXPECT_EQ(start(file(otherwise)).wait(), 4);
  forget_workers();
  start(file(otherwise), {"--on-lost", "rebuild"}).ready();
  const auto same = R"({"$expr":{"$ne":[{"$ifNull":["$likes",0]},{"$ifNull":["$favoritesCount",0]}]}})";
  EXPECT_TRUE(soon([&] { return db().count("articles", same) == 0; }));
}

/// A rebuild that is killed is gone on with, by whoever starts next.
TEST_F(PositionLost, AKilledRebuildGoesOn) {
  begin();
  realworld::Random random(random_seed());
  StormThread storm(server().patient_uri(), db().database(), storm_);
  for (int i = 0; i < 5; ++i) {
    db().remove_many("tags", {});
    db().command(R"({"drop":"comments"})");
    if (!soon([&] { return metric("sluice_position_lost_total") >= 1; })) break;
    worker().kill9();
    forget_workers();
    start(realworld_file(), {"--on-lost", "rebuild"}).ready();
    db().insert("comments", R"({"articleId":1,"authorId":1})");
  }
  storm.finish();
  EXPECT_TRUE(exact()) << "SLUICE_SEED=" << random_seed();
}

}  // namespace
}  // namespace sluice::test
