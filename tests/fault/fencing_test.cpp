#include <csignal>

#include "support/fixture.hpp"
#include "support/storm_thread.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

/// Two holders of one shard, by mistake or by a long pause.
class Fencing : public PipelineTest {
 protected:
  Fencing() {
    storm_.sizes = {.users = 30, .articles = 80, .comments = 100, .favorites = 300, .seed = random_seed()};
    storm_.writers = 2;
    storm_.user_rounds = 1;
  }
  bool is_ready(const Worker& worker) const { return worker.out().find("__READY__") != std::string::npos; }

  realworld::StormOptions storm_;
};

TEST_F(Fencing, ASecondWorkerOnTheSameShardWaitsForItsTurn) {
  start(realworld_file()).ready();
  realworld::seed(db(), storm_.sizes);
  StormThread storm(server().patient_uri(), db().database(), storm_);
  Worker& second = start(realworld_file());
  EXPECT_TRUE(second.logs("held by")) << second.story();
  ASSERT_TRUE(soon([&] { return worker(0).metrics().sum("sluice_events_applied_total") > 1000; }));
  EXPECT_FALSE(is_ready(second));
  EXPECT_EQ(second.get("/readyz").status, 503);
  EXPECT_EQ(worker(0).terminate(), 0);
  second.ready();
  storm.finish();
  EXPECT_TRUE(exact()) << "SLUICE_SEED=" << random_seed();
}

TEST_F(Fencing, AHolderStoppedPastItsLeaseIsRejected) {
  const std::vector<std::string> flags = {"--lease-ms", "1500", "--batch-docs", "50"};
  start(realworld_file(), flags).ready();
  realworld::seed(db(), storm_.sizes);
  StormThread storm(server().patient_uri(), db().database(), storm_);
  for (std::size_t round = 0; round < 4; ++round) {
    Worker& stale = worker(round);
    ASSERT_TRUE(soon([&] { return stale.metrics().sum("sluice_events_applied_total") > 200; }))
        << stale.story();
    stale.signal(SIGSTOP);
    Worker& next = start(realworld_file(), flags);
    next.ready();
    stale.signal(SIGCONT);
    EXPECT_EQ(stale.wait(), 3) << stale.story();
  }
  storm.finish();
  EXPECT_TRUE(exact()) << "SLUICE_SEED=" << random_seed();
}

/// Stopped for less than its lease, a holder goes on as if nothing had been.
TEST_F(Fencing, AShortPauseCostsNothing) {
  start(realworld_file()).ready();
  realworld::seed(db(), storm_.sizes);
  StormThread storm(server().patient_uri(), db().database(), storm_);
  for (int i = 0; i < 5; ++i) {
    worker().signal(SIGSTOP);
    std::this_thread::sleep_for(300ms);  // the pause itself
    worker().signal(SIGCONT);
    const double before = worker().metrics().sum("sluice_events_applied_total");
    EXPECT_TRUE(soon([&] { return worker().metrics().sum("sluice_events_applied_total") > before; }));
  }
  storm.finish();
  EXPECT_TRUE(exact());
  terminate_all();
}

}  // namespace
}  // namespace sluice::test
