#include <algorithm>
#include <iostream>

#include "support/fixture.hpp"

namespace sluice::test {
namespace {

/// A worker's days in a minute: storms and idleness in turns, with a lease that is renewed, positions that
/// are stored and an idle cursor that is asked ten times as often as usual. bench/storm soak goes on for
/// longer.
class Soak : public PipelineTest {
 protected:
  static constexpr int warm_up = 6;
  static constexpr int cycles = 16;

  struct Sample {
    double rss_mb;
    Handles handles;
    std::int64_t connections;
    std::int64_t cursors;
    std::int64_t transactions;
    std::int64_t sessions_of_idleness;
  };

  Soak() {
    storm_.sizes = {.users = 30, .articles = 80, .comments = 100, .favorites = 300, .seed = random_seed()};
    storm_.writers = 2;
    storm_.operations = 400;
    storm_.user_rounds = 1;
  }

  void storm(int cycle) {
    storm_.first_new = 10'000'000L * cycle;
    storm_.sizes.seed = random_seed() + static_cast<std::uint64_t>(cycle);
    realworld::storm(server().patient_uri(), db().database(), storm_);
    burst();
    ASSERT_TRUE(settled());
  }
  /// As many events at once as a reply holds: what keeps room for such a one shows in the memory.
  void burst() {
    std::vector<Document> favorites;
    for (int i = 0; i < 5000; ++i)
      favorites.emplace_back("{\"burst\":true,\"articleId\":" + std::to_string(i % 100) + "}");
    db().insert("favorites", favorites);
    db().remove_many("favorites", R"({"burst":true})");
  }
  /// Nothing of interest happens, for as long as it takes the position to move a few times.
  void idleness() {
    for (int i = 0; i < 3; ++i) {
      db().insert("unwatched", "{}");
      ASSERT_TRUE(settled());
    }
  }
  std::int64_t count(const std::string& stages) {
    return db()
        .admin("{\"aggregate\":1,\"cursor\":{},\"pipeline\":[" + stages + R"(,{"$count":"n"}]})")
        .integer("cursor.firstBatch.0.n");
  }
  std::int64_t sessions() { return count(R"({"$listLocalSessions":{"allUsers":true}})"); }
  std::int64_t connections() {
    return count(R"({"$currentOp":{"allUsers":true,"idleConnections":true}},
        {"$match":{"appName":{"$regex":"^sluice "}}})");
  }
  Sample cycle(int number) {
    storm(number);
    // Those of the storm's writers are the server's to forget; whatever comes now is the worker's.
    const auto before = sessions();
    idleness();
    const Document status = db().admin(R"({"serverStatus":1})");
    return {worker().memory().rss_mb,
            worker().handles(),
            connections(),
            status.integer("metrics.cursor.open.total"),
            status.integer("transactions.currentOpen"),
            sessions() - before};
  }

  realworld::StormOptions storm_;
};

TEST_F(Soak, StormsAndIdlenessLeaveNothingBehind) {
  start(realworld_file(), {"--lease-ms", "600", "--max-await-ms", "50"}).ready();
  realworld::seed(db(), storm_.sizes);
  std::vector<Sample> samples;
  for (int number = 1; number <= cycles; ++number) {
    samples.push_back(cycle(number));
    ASSERT_FALSE(HasFatalFailure());
  }
  EXPECT_TRUE(exact());
  // What is allocated once is allocated within the first cycles.
  const auto most = [&](auto member, int from, int to) {
    auto largest = member(samples[static_cast<std::size_t>(from)]);
    for (int i = from; i < to; ++i) largest = std::max(largest, member(samples[static_cast<std::size_t>(i)]));
    return largest;
  };
  const auto stays_flat = [&](const char* what, auto member, double tolerance) {
    const auto early = most(member, 0, warm_up);
    const auto late = most(member, warm_up, cycles);
    std::cout << what << ": " << early << " at most in the first " << warm_up << " cycles, " << late
              << " later\n";
    EXPECT_LE(late, early + tolerance) << what;
  };
  stays_flat(
      "RSS in MB", [](const Sample& one) { return one.rss_mb; }, sanitized() ? 1e6 : 4);
  stays_flat(
      "descriptors", [](const Sample& one) { return one.handles.descriptors; }, 2);
  stays_flat(
      "threads", [](const Sample& one) { return one.handles.threads; }, 1);
  stays_flat(
      "connections", [](const Sample& one) { return one.connections; }, 2);
  stays_flat(
      "cursors", [](const Sample& one) { return one.cursors; }, 0);
  for (const Sample& one : samples) {
    EXPECT_EQ(one.transactions, 0);
    EXPECT_LE(one.sessions_of_idleness, 1);
  }
  terminate_all();
}

}  // namespace
}  // namespace sluice::test
