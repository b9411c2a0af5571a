#include <csignal>

#include "support/fixture.hpp"

namespace sluice::test {
namespace {

class Shards : public PipelineTest {
 protected:
  static realworld::StormOptions small_storm(std::int64_t first_new) {
    realworld::StormOptions storm;
    storm.sizes = {.users = 30,
                   .articles = 60,
                   .comments = 60,
                   .favorites = 120,
                   .seed = random_seed(),
                   .ids = realworld::Ids::mixed};
    storm.writers = 3;
    storm.operations = 250;
    storm.user_rounds = 1;
    storm.first_new = first_new;
    return storm;
  }
  void write(std::int64_t first_new) {
    const auto report = realworld::storm(server().patient_uri(), db().database(), small_storm(first_new));
    EXPECT_EQ(report.failed, 0) << report.first_failure;
  }
};

TEST_F(Shards, FourStartAtOnceOnAnEmptyDatabase) {
  start_shards(realworld_file(), 4);
  for (int i = 0; i < 4; ++i) {
    const std::string n = std::to_string(i);
    EXPECT_EQ(worker(static_cast<std::size_t>(i)).out(),
              "Connected to MongoDB (Shard " + n + "/4)\n__READY__SHARD__" + n + "_OF_4__\n");
  }
  realworld::seed(db(), small_storm(0).sizes);
  write(0);
  EXPECT_TRUE(exact(4));
  terminate_all();
}

/// Each document is some shard's, and no two shards'.
TEST_F(Shards, TheServerSplitsTheEvents) {
  start_shards(realworld_file(), 3);
  std::vector<Document> favorites;
  for (int i = 0; i < 3000; ++i)
    favorites.emplace_back("{\"_id\":" + std::to_string(i) + ",\"articleId\":1}");
  db().insert("favorites", favorites);
  ASSERT_TRUE(settled(3));
  EXPECT_EQ(metric("sluice_events_read_total"), 3000);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_GT(worker(i).metrics().sum("sluice_events_read_total"), 700);
}

TEST_F(Shards, TheCountChangesBetweenRuns) {
  std::int64_t first_new = 0;
  for (const int count : {4, 2, 3, 1, 4}) {
    start_shards(realworld_file(), count);
    if (first_new == 0) realworld::seed(db(), small_storm(0).sizes);
    write(first_new += 100'000'000);
    terminate_all();
    // Written while nobody runs, for the next layout to find.
    write(first_new += 100'000'000);
  }
  start_shards(realworld_file(), 2);
  EXPECT_TRUE(exact(2));
}

/// The old layout's shards stand at different places when the new one takes over.
TEST_F(Shards, TheCountChangesAfterKillsInTheMiddleOfWork) {
  std::int64_t first_new = 0;
  const std::vector<std::string> slow = {"--batch-docs", "5", "--in-flight", "1", "--lease-ms", "1000"};
  for (const int count : {3, 2, 4}) {
    start_shards(realworld_file(), count, slow);
    if (first_new == 0) realworld::seed(db(), small_storm(0).sizes);
    for (std::size_t i = 0; i < workers(); ++i) {
      write(first_new += 100'000'000);
      worker(i).kill9();
    }
    forget_workers();
  }
  start_shards(realworld_file(), 1);
  EXPECT_TRUE(exact(1));
}

TEST_F(Shards, TheLanesChangeBetweenRuns) {
  std::int64_t first_new = 0;
  for (const char* lanes : {"4", "1", "7", "2"}) {
    start_shards(realworld_file(), 2, {"--lanes", lanes, "--batch-docs", "20"});
    if (first_new == 0) realworld::seed(db(), small_storm(0).sizes);
    write(first_new += 100'000'000);
    terminate_all();
    write(first_new += 100'000'000);
  }
  start_shards(realworld_file(), 2);
  EXPECT_TRUE(exact(2));
}

/// A shard of another layout is refused (or waits) while one of the old layout lives, and says why.
TEST_F(Shards, AnotherLayoutWaitsForTheOldOne) {
  start_shards(realworld_file(), 2);
  Worker& other = start(realworld_file(), {}, 3, 0);
  EXPECT_TRUE(other.logs("held by")) << other.story();
  EXPECT_EQ(other.out().find("__READY__"), std::string::npos);
  worker(0).terminate();
  worker(1).terminate();
  other.ready();
}

}  // namespace
}  // namespace sluice::test
