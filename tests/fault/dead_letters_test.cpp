#include <csignal>
#include <future>
#include <random>
#include <thread>

#include "support/dead_commands.hpp"
#include "support/fail_points.hpp"
#include "support/storm_thread.hpp"
#include "workbench/eventually.hpp"

namespace sluice::test {
namespace {

/// A retry of dead letters is done once, whatever becomes of it on its way.
class DeadRetries : public DeadCommands {
 protected:
  ~DeadRetries() override { commits_fail("\"off\""); }

  /// So many letters that add to article 1, which is mended.
  void prepare(int count) {
    start(realworld_file()).ready();
    poison(1, count);
    ASSERT_TRUE(settled());
    ASSERT_EQ(letter_count(), count);
    terminate_all();
    mend(1);
  }
  void commits_fail(const std::string& mode, const std::string& how = "") {
    const std::string data =
        how.empty() ? "" : R"(,"data":{"failCommands":["commitTransaction"],)" + how + "}";
    db().admin(R"({"configureFailPoint":"failCommand","mode":)" + mode + data + "}");
  }
  /// The number before ` done` in what a retry said.
  static int done_in(const std::string& out) {
    const auto colon = out.rfind(": ");
    return colon == std::string::npos ? -1 : std::stoi(out.substr(colon + 2));
  }
  std::vector<std::string> retry_all() const {
    return here_run({"dead", "retry", realworld_file(), "--all"});
  }
};

TEST_F(DeadRetries, ThreeAtOnceShareTheWork) {
  constexpr int count = 150;
  prepare(count);
  std::vector<std::future<Outcome>> runs;
  for (int i = 0; i < 3; ++i) {
    const auto run = [this] { return run_sluice(retry_all()); };
    runs.push_back(std::async(std::launch::async, run));
  }
  int done = 0;
  for (auto& run : runs) {
    const Outcome outcome = run.get();
    EXPECT_EQ(outcome.exit_code, 0) << outcome.out << outcome.err;
    done += done_in(outcome.out);
  }
  EXPECT_EQ(done, count);
  EXPECT_EQ(favourites(1), count);
  EXPECT_EQ(letter_count(), 0);
}

TEST_F(DeadRetries, KilledAtRandomMomentsAndRunAgain) {
  constexpr int count = 400;
  prepare(count);
  std::mt19937_64 random(random_seed());
  int kills = 0;
  while (letter_count() > 0 && kills < 60) {
    const auto process = start_sluice(retry_all());
    // A machine that is done with all of them in less than that has not been killed once.
    std::this_thread::sleep_for(std::chrono::milliseconds(random() % (kills == 0 ? 100 : 400)));
    process->kill9();
    kills += process->exit_code() == 128 + SIGKILL ? 1 : 0;
    // A commit that the killed one had sent may come in between the two questions.
    const auto adds_up = [&] { return favourites(1) + letter_count() == count; };
    ASSERT_TRUE(workbench::eventually(patience(std::chrono::seconds(10)), adds_up))
        << favourites(1) << " + " << letter_count() << ", SLUICE_SEED=" << random_seed();
  }
  const Outcome last = run_sluice(retry_all());
  EXPECT_EQ(last.exit_code, 0) << last.err;
  EXPECT_EQ(favourites(1), count) << "SLUICE_SEED=" << random_seed();
  EXPECT_EQ(letter_count(), 0);
  EXPECT_GT(kills, 0);
}

TEST_F(DeadRetries, CommitsWhoseAnswersAreLost) {
  constexpr int count = 25;
  prepare(count);
  for (const std::string how :
       {R"("closeConnection":true)", R"("writeConcernError":{"code":91,"errmsg":"shutting down"})",
        R"("errorCode":251,"errorLabels":["TransientTransactionError"])"}) {
    commits_fail(R"({"activationProbability":0.3})", how);
    const Outcome outcome = run_sluice(retry_all());
    EXPECT_EQ(outcome.exit_code, 0) << outcome.out << outcome.err;
    EXPECT_EQ(favourites(1), count) << how;
    EXPECT_EQ(letter_count(), 0);
    commits_fail("\"off\"");
    start(realworld_file()).ready();
    db().update("articles", R"({"_id":1})", R"({"$set":{"favoritesCount":"many"}})");
    std::vector<Document> more(count, Document(R"({"articleId":1})"));
    db().insert("favorites", more);
    ASSERT_TRUE(settled());
    terminate_all();
    mend(1);
  }
}

/// Letters come and are retried while a storm goes on; then every event has its end, and all is exact.
class FourEnds : public DeadCommands {
 protected:
  FourEnds() {
    storm_.sizes = {.users = 20, .articles = 40, .comments = 60, .favorites = 300, .seed = random_seed()};
    storm_.writers = 2;
    storm_.operations = 600;
    storm_.user_rounds = 1;
  }
  /// Waits until each worker has set more events aside than it had.
  bool each_sets_aside(const std::vector<double>& before) {
    return soon(
        [&] {
          const std::vector<double> now = dead_of_each();
          for (std::size_t i = 0; i < now.size(); ++i) {
            if (now[i] <= before[i]) return false;
          }
          return true;
        },
        std::chrono::seconds(60));
  }
  std::vector<double> dead_of_each() {
    std::vector<double> dead;
    for (std::size_t i = 0; i < workers(); ++i)
      dead.push_back(worker(i).metrics().sum("sluice_events_dead_total"));
    return dead;
  }
  double ends() const {
    return metric("sluice_events_applied_total") + metric("sluice_events_published_total") +
           metric("sluice_events_filtered_total") + metric("sluice_events_dead_total");
  }
  /// The counters of some articles become texts; their numbers are saved. Then the articles get favourites,
  /// in case that the storm is over already. The articles are chosen anew each time, since the storm deletes
  /// some.
  void poison_some() {
    std::string some;
    for (const Document& article : db().find("articles", {}, R"({"limit":8,"projection":{"_id":1}})")) {
      some += (some.empty() ? "" : ",") + article.value("_id");
    }
    db().update_many("articles", "{\"_id\":{\"$in\":[" + some + "]},\"saved\":{\"$exists\":false}}",
                     R"({"pipeline":[{"$set":{"saved":{"$ifNull":["$favoritesCount",0]},
                         "favoritesCount":"poison"}}]})");
    std::vector<Document> favourites;
    for (const Document& article : db().find("articles", R"({"saved":{"$exists":true}})")) {
      favourites.insert(favourites.end(), 4, Document(R"({"articleId":)" + article.value("_id") + "}"));
    }
    ASSERT_FALSE(favourites.empty());
    db().insert("favorites", favourites);
  }
  void mend_all() {
    db().update_many("articles", R"({"saved":{"$exists":true}})",
                     R"({"pipeline":[{"$set":{"favoritesCount":"$saved"}},{"$unset":"saved"}]})");
  }

  realworld::StormOptions storm_;
};

TEST_F(FourEnds, AddUpToTheEventsReadAfterAStormWithPoison) {
  start_shards(realworld_file(), 2, {"--batch-docs", "50"});
  realworld::seed(db(), storm_.sizes);
  ASSERT_TRUE(settled(2));
  {
    StormThread storm(server().patient_uri(), db().database(), storm_);
    for (int round = 0; round < 3; ++round) {
      const std::vector<double> before = dead_of_each();
      poison_some();
      EXPECT_TRUE(each_sets_aside(before));
      mend_all();
      EXPECT_EQ(dead("retry", {"--all"}).exit_code, 0) << "beside the storm and the workers";
    }
    poison_some();
    storm.finish();
  }
  ASSERT_TRUE(settled(2));
  for (std::size_t i = 0; i < workers(); ++i) {
    const workbench::Metrics metrics = worker(i).metrics();
    double sum = 0;
    for (const std::string end : {"applied", "published", "filtered", "dead"}) {
      sum += metrics.sum("sluice_events_" + end + "_total");
    }
    EXPECT_EQ(metrics.sum("sluice_events_read_total"), sum) << worker(i).story();
    EXPECT_GT(metrics.sum("sluice_events_dead_total"), 0);
  }
  mend_all();
  const Outcome retried = dead("retry", {"--all"});
  EXPECT_EQ(retried.exit_code, 0) << retried.out << retried.err;
  EXPECT_EQ(letter_count(), 0);
  EXPECT_TRUE(exact(2)) << "SLUICE_SEED=" << random_seed();
}

TEST_F(FourEnds, ALetterForEachEffectThatFailed) {
  start(realworld_file()).ready();
  realworld::seed(db(), storm_.sizes);
  poison_some();
  realworld::storm(server().patient_uri(), db().database(), storm_);
  ASSERT_TRUE(settled());
  EXPECT_GT(letter_count(), 0);
  EXPECT_EQ(metric("sluice_rule_effects_total", R"(result="failed")"), letter_count());
  EXPECT_EQ(metric("sluice_events_read_total"), ends());
  // Each letter names its event: as many tokens as events that are dead.
  const auto tokens =
      state().aggregate("dead_letters", R"({"pipeline":[{"$group":{"_id":"$token._data"}},{"$count":"n"}]})");
  ASSERT_EQ(tokens.size(), 1U);
  EXPECT_EQ(metric("sluice_events_dead_total"), tokens[0].integer("n"));
}

/// What passes never ends in a dead letter, whichever of a sink's commands it strikes.
class PassingErrors : public FailPoints {
 protected:
  void sink_fails(const std::string& how, const std::string& probability = "0.1") {
    storm_under(R"("failCommands":["update","delete","insert","find"],)" + how, probability);
    EXPECT_EQ(state().count("dead_letters"), 0);
    EXPECT_EQ(metric("sluice_events_read_total"),
              metric("sluice_events_applied_total") + metric("sluice_events_filtered_total"));
  }
};

TEST_F(PassingErrors, TheNetwork) {
  sink_fails(R"("closeConnection":true)", "0.02");
}

TEST_F(PassingErrors, NoPrimary) {
  sink_fails(R"("errorCode":10107)", "0.03");
}

TEST_F(PassingErrors, WriteConflicts) {
  sink_fails(R"("errorCode":112,"errorLabels":["TransientTransactionError"])");
}

TEST_F(PassingErrors, ConflictsThatNobodyLabels) {
  sink_fails(R"("errorCode":112,"errorLabels":[])");
}

TEST_F(PassingErrors, TimeOuts) {
  sink_fails(R"("errorCode":50,"errorLabels":[])");
}

TEST_F(PassingErrors, AFullDisk) {
  sink_fails(R"("errorCode":14031,"errorLabels":[])");
}

}  // namespace
}  // namespace sluice::test
