#include <thread>

#include "support/fixture.hpp"
#include "support/storm_thread.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

class Backfill : public PipelineTest {
 protected:
  Backfill() : random_(random_seed()) {
    storm_.sizes = {.users = 60,
                    .articles = 300,
                    .comments = 300,
                    .favorites = 1500,
                    .seed = random_seed(),
                    .ids = realworld::Ids::mixed};
    storm_.writers = 2;
    storm_.user_rounds = 1;
  }

  realworld::StormOptions storm_;
  realworld::Random random_;
};

TEST_F(Backfill, AFirstStartFillsWhatStands) {
  realworld::seed(db(), storm_.sizes);
  start(realworld_file(), {"--backfill"}).ready();
  EXPECT_TRUE(exact());
  EXPECT_NE(worker().err().find("the backfill is done"), std::string::npos) << worker().story();
}

/// Writers that go on all the time: what falls between the backfill and the stream, or into both, shows.
TEST_F(Backfill, NothingIsLostOrCountedTwiceWhileApplicationsWrite) {
  for (const int shards : {1, 3}) {
    db().drop_database();
    state().drop_database();
    realworld::seed(db(), storm_.sizes);
    StormThread storm(server().patient_uri(), db().database(), storm_);
    start_shards(realworld_file(), shards, {"--backfill"});
    const auto report = storm.finish();
    EXPECT_EQ(report.failed, 0) << report.first_failure;
    EXPECT_TRUE(exact(shards)) << "SLUICE_SEED=" << random_seed();
    EXPECT_EQ(state().count("dead_letters"), 0);
    terminate_all();
  }
}

TEST_F(Backfill, AKilledOneGoesOn) {
  realworld::seed(db(), storm_.sizes);
  StormThread storm(server().patient_uri(), db().database(), storm_);
  const auto begun = [&] { return state().count("layouts", R"({"fill":{"$exists":true}})") == 1; };
  for (int i = 0; i < 12; ++i) {
    start(realworld_file(), {"--backfill"});
    ASSERT_TRUE(soon(begun));
    std::this_thread::sleep_for(std::chrono::milliseconds(realworld::below(random_, 250)));
    worker().kill9();
    forget_workers();
  }
  // Without the flag, too: what was begun has to be ended before anything is streamed.
  start(realworld_file()).ready();
  storm.finish();
  EXPECT_TRUE(exact()) << "SLUICE_SEED=" << random_seed();
}

TEST_F(Backfill, AStreamThatHasAPositionIsNotFilledAgain) {
  start(realworld_file()).ready();
  db().insert("articles", R"({"_id":1,"favoritesCount":40})");
  db().insert("favorites", R"({"_id":1,"articleId":1})");
  ASSERT_TRUE(becomes("articles", "1", R"({"_id":1,"favoritesCount":41})"));
  terminate_all();
  start(realworld_file(), {"--backfill"}).ready();
  EXPECT_TRUE(worker().logs("has a position already"));
  db().insert("favorites", R"({"_id":2,"articleId":1})");
  EXPECT_TRUE(becomes("articles", "1", R"({"_id":1,"favoritesCount":42})"));
}

/// Shards of which some were not told of it: either all of them wait for it, or there is none.
TEST_F(Backfill, AShardThatWasNotToldWaitsForIt) {
  for (int i = 0; i < 4; ++i) {
    db().drop_database();
    state().drop_database();
    realworld::seed(db(), storm_.sizes);
    StormThread storm(server().patient_uri(), db().database(), storm_);
    start(realworld_file(), {"--backfill"}, 2, 0);
    start(realworld_file(), {}, 2, 1);
    worker(0).ready();
    worker(1).ready();
    storm.finish();
    // Whichever of them comes first to what was begun does it.
    if (worker(0).logs("the backfill is done", 0ms) || worker(1).logs("the backfill is done", 0ms)) {
      EXPECT_TRUE(exact(2)) << "SLUICE_SEED=" << random_seed();
    } else {
      EXPECT_TRUE(worker(0).logs("has a position already")) << worker(0).story();
    }
    terminate_all();
  }
}

/// A target that cannot be written is said, and the others are filled.
TEST_F(Backfill, OneThatRefusesDoesNotKeepTheOthers) {
  db().command(Document(R"({"create":"articles","validator":{"favoritesCount":{"$not":{"$gt":2}}}})"));
  db().insert("articles", R"({"_id":1})");
  db().insert("articles", R"({"_id":2})");
  for (int i = 0; i < 5; ++i) {
    db().insert("favorites", "{\"_id\":" + std::to_string(i) + ",\"articleId\":" + (i < 4 ? "1" : "2") + "}");
  }
  start(realworld_file(), {"--backfill"}).ready();
  EXPECT_TRUE(becomes("articles", "2", R"({"_id":2,"favoritesCount":1})"));
  EXPECT_TRUE(becomes("articles", "1", R"({"_id":1})"));
  EXPECT_NE(worker().err().find("articles 1: favoritesCount is missing, should be 4"), std::string::npos)
      << worker().story();
}

}  // namespace
}  // namespace sluice::test
