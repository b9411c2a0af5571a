#include <csignal>

#include "support/fixture.hpp"
#include "support/storm_thread.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

class Verify : public PipelineTest {
 protected:
  Verify() {
    storm_.sizes = {.users = 40,
                    .articles = 120,
                    .comments = 150,
                    .favorites = 400,
                    .seed = random_seed(),
                    .ids = realworld::Ids::mixed};
    storm_.writers = 2;
    storm_.user_rounds = 1;
  }

  Outcome verify(std::vector<std::string> flags = {}) {
    return run_sluice(here_run({"verify", realworld_file()}, std::move(flags)));
  }

  testing::AssertionResult says(const Outcome& outcome, int exit_code, const std::string& sentence) const {
    if (outcome.exit_code == exit_code && outcome.out.find(sentence) != std::string::npos) {
      return testing::AssertionSuccess();
    }
    return testing::AssertionFailure() << "ended with " << outcome.exit_code << " and said:\n"
                                       << outcome.out << outcome.err;
  }

  realworld::StormOptions storm_;
};

TEST_F(Verify, WhatIsTrueIsFoundToBe) {
  start(realworld_file()).ready();
  realworld::seed(db(), storm_.sizes);
  ASSERT_TRUE(exact());
  EXPECT_TRUE(says(verify(), 0, "favorites-count: articles: 120 checked, 0 differ"));
}

/// A worker that runs behind is not wrong: nothing may differ at any moment of a storm.
TEST_F(Verify, NothingDiffersInTheMiddleOfAStorm) {
  start(realworld_file()).ready();
  realworld::seed(db(), storm_.sizes);
  StormThread storm(server().patient_uri(), db().database(), storm_);
  for (int i = 0; i < 6; ++i) {
    const Outcome outcome = verify();
    EXPECT_EQ(outcome.exit_code, 0) << outcome.out << outcome.err;
  }
  storm.finish();
  EXPECT_TRUE(exact());
}

/// Nor is one that does not run at all while the sources change.
TEST_F(Verify, WhatIsStillToComeIsNoDifference) {
  start_shards(realworld_file(), 2);
  realworld::seed(db(), storm_.sizes);
  ASSERT_TRUE(exact(2));
  worker(0).kill9();
  worker(1).kill9();
  storm_.operations = 300;
  realworld::storm(server().patient_uri(), db().database(), storm_);
  EXPECT_TRUE(says(verify(), 0, "tag-tally"));
  // One that is wrong besides is found among all that is only late.
  db().update("articles", R"({"favoritesCount":{"$gte":0}})", R"({"$inc":{"favoritesCount":7}})");
  EXPECT_TRUE(says(verify(), 1, "1 differ"));
}

TEST_F(Verify, EachKindOfDifferenceIsSaid) {
  start(realworld_file()).ready();
  db().insert("users", R"({"_id":1,"username":"ann"})");
  db().insert("articles", R"({"_id":1,"authorId":1,"tagList":["a","b"]})");
  db().insert("favorites", R"({"_id":1,"articleId":1})");
  ASSERT_TRUE(exact());
  terminate_all();
  db().update("articles", R"({"_id":1})", R"({"$set":{"authorUsername":"bob","favoritesCount":3}})");
  db().remove("tags", R"({"_id":"a"})");
  db().update("tags", R"({"_id":"b"})", R"({"$set":{"articleCount":"many"}})");
  db().insert("tags", R"({"_id":"z","articleCount":0})");
  const Outcome outcome = verify();
  EXPECT_TRUE(says(outcome, 1, R"(articles 1: of users 1, authorUsername is "bob", should be "ann")"));
  EXPECT_TRUE(says(outcome, 1, "articles 1: favoritesCount is 3, should be 1"));
  EXPECT_TRUE(says(outcome, 1, R"(tags "a": missing, its articleCount should be 1)"));
  EXPECT_TRUE(says(outcome, 1, R"(tags "b": articleCount is "many", should be 1)"));
  EXPECT_TRUE(says(outcome, 1, R"(tags "z": at zero, should be removed)"));
  EXPECT_EQ(verify({"--repair"}).exit_code, 0);
  EXPECT_EQ(verify().exit_code, 0);
  EXPECT_TRUE(becomes("tags", R"("b")", R"({"_id":"b","articleCount":1})"));
  EXPECT_TRUE(vanishes("tags", R"("z")"));
}

TEST_F(Verify, ASampleAndASingleRule) {
  start(realworld_file()).ready();
  realworld::seed(db(), storm_.sizes);
  ASSERT_TRUE(exact());
  db().update_many("articles", {}, R"({"$inc":{"favoritesCount":1}})");
  EXPECT_TRUE(
      says(verify({"--rule", "favorites-count", "--sample", "10"}), 1, "articles: 10 checked, 10 differ"));
  EXPECT_TRUE(says(verify({"--rule", "tag-tally"}), 0, "0 differ"));
  const Outcome typo = verify({"--rule", "tag-taly"});
  EXPECT_EQ(typo.exit_code, 1);
  EXPECT_NE(typo.err.find("did you mean 'tag-tally'?"), std::string::npos) << typo.err;
}

/// Counters are made wrong and mended in the middle of a storm, over and over: whatever is counted twice or
/// not at all stays in the sum.
TEST_F(Verify, ARepairBesideAWorkerCountsNothingTwice) {
  start(realworld_file(), {"--batch-docs", "20"}).ready();
  realworld::seed(db(), storm_.sizes);
  StormThread storm(server().patient_uri(), db().database(), storm_);
  for (int i = 0; i < 5; ++i) {
    db().update_many("articles", {}, R"({"$inc":{"favoritesCount":5},"$set":{"authorUsername":"wrong"}})");
    db().update_many("tags", {}, R"({"$inc":{"articleCount":3}})");
    EXPECT_EQ(verify({"--repair"}).exit_code, 0);
    if (i == 2) {
      worker().kill9();
      forget_workers();
      start(realworld_file()).ready();
    }
  }
  storm.finish();
  EXPECT_TRUE(exact()) << "SLUICE_SEED=" << random_seed();
}

/// A repair that is killed anywhere leaves whole transactions behind: the next one ends what it began.
TEST_F(Verify, AKilledRepairIsRepeated) {
  start(realworld_file()).ready();
  realworld::seed(db(), storm_.sizes);
  ASSERT_TRUE(exact());
  realworld::Random random(random_seed());
  for (int i = 0; i < 8; ++i) {
    db().update_many("articles", {}, R"({"$inc":{"favoritesCount":5}})");
    const auto repair = start_sluice(here_run({"verify", realworld_file()}, {"--repair"}));
    if (!repair->wait(std::chrono::milliseconds(realworld::below(random, 120)))) repair->kill9();
  }
  const Outcome last = verify({"--repair"});
  EXPECT_EQ(last.exit_code, 0) << last.out << last.err;
  EXPECT_TRUE(exact()) << "SLUICE_SEED=" << random_seed();
}

/// Who mends a counter makes up for the dead letters about it: a retry of them would count twice.
TEST_F(Verify, ARepairTakesItsDeadLettersAlong) {
  start(realworld_file()).ready();
  db().insert("articles", R"({"_id":1,"favoritesCount":"many"})");
  db().insert("favorites", R"({"_id":1,"articleId":1})");
  ASSERT_TRUE(soon([&] { return state().count("dead_letters") == 1; }));
  EXPECT_TRUE(says(verify({"--repair"}), 0, R"(favoritesCount is "many", should be 1)"));
  EXPECT_EQ(state().count("dead_letters"), 0);
  EXPECT_TRUE(exact());
}

/// Null is a value alone as in a list; what cannot be an id is a dead letter of the worker's, and missing to
/// all others.
TEST_F(Verify, NullsAndListsOfATallyAreJudgedAsByTheWorker) {
  db().insert("articles", R"({"_id":1,"tagList":null})");
  db().insert("articles", R"({"_id":2,"tagList":[null,"a",["x","y"]]})");
  db().insert("articles", R"({"_id":3,"tagList":[["x","y"],["x","y"],["a"]]})");
  db().insert("articles", R"({"_id":6,"tagList":[{"$regularExpression":{"pattern":"x","options":""}}]})");
  db().insert("articles", R"({"_id":4})");
  db().insert("articles", R"({"_id":5,"tagList":[]})");
  const auto is_right = [&] {
    EXPECT_TRUE(becomes("tags", "null", R"({"_id":null,"articleCount":2})"));
    EXPECT_TRUE(becomes("tags", R"("a")", R"({"_id":"a","articleCount":1})"));
    EXPECT_EQ(db().count("tags"), 2);
  };
  const auto verify_tags = [&](std::vector<std::string> flags = {}) {
    flags.insert(flags.end(), {"--rule", "tag-tally"});
    Outcome outcome = verify(std::move(flags));
    std::erase(outcome.out, ' ');  // as they stand in the values
    return outcome;
  };
  const std::string pairs = R"(tags["x","y"]:missing,itsarticleCountshouldbe2)";
  EXPECT_TRUE(says(verify_tags({"--repair"}), 1, "cannotbemended:tag-tally:" + pairs));
  is_right();
  db().command(R"({"drop":"tags"})");
  start(realworld_file(), {"--backfill"}).ready();
  is_right();
  std::string said = worker().err();
  std::erase(said, ' ');
  EXPECT_NE(said.find(pairs), std::string::npos) << worker().story();
  terminate_all();
  for (const char* collection : {"articles", "tags"}) db().remove_many(collection, {});
  state().drop_database();

  start(realworld_file()).ready();
  db().insert("articles", R"({"_id":1,"tagList":null})");
  db().insert("articles", R"({"_id":2,"tagList":[null,"a",["x","y"]]})");
  db().insert("articles", R"({"_id":3,"tagList":[["x","y"],["x","y"],["a"]]})");
  db().insert("articles", R"({"_id":6,"tagList":[{"$regularExpression":{"pattern":"x","options":""}}]})");
  ASSERT_TRUE(settled());
  is_right();
  EXPECT_EQ(metric("sluice_events_dead_total"), 3);
  EXPECT_TRUE(says(verify_tags(), 1, pairs));
  EXPECT_TRUE(says(verify_tags(), 1, "2checked,3differ"));
  EXPECT_TRUE(says(verify_tags(), 1, R"(tags["a"]:missing,itsarticleCountshouldbe1)"));
  EXPECT_TRUE(says(verify_tags({"--sample", "10"}), 0, "2checked,0differ"));
  db().update("articles", R"({"_id":2})", R"({"$set":{"tagList":[null,"a"]}})");
  db().update("articles", R"({"_id":3})", R"({"$set":{"tagList":[]}})");
  db().update("articles", R"({"_id":6})", R"({"$unset":{"tagList":""}})");
  ASSERT_TRUE(settled());
  is_right();
  EXPECT_TRUE(says(verify_tags(), 0, "2checked,0differ"));
}

TEST_F(Verify, NoServerIsSaid) {
  const Outcome outcome = run_sluice({"verify", realworld_file(), "--mongodb-uri",
                                      "mongodb://127.0.0.1:1/?replicaSet=rs0&serverSelectionTimeoutMS=1500"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_EQ(outcome.out, "") << "the driver's lines";
  EXPECT_NE(outcome.err.find("check that the server runs"), std::string::npos) << outcome.err;
}

}  // namespace
}  // namespace sluice::test
