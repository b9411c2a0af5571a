#include <csignal>
#include <iostream>
#include <thread>

#include "support/fixture.hpp"
#include "support/storm_thread.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

class Kill : public PipelineTest {
 protected:
  Kill() : random_(random_seed()) {
    storm_.sizes = {.users = 40,
                    .articles = 120,
                    .comments = 150,
                    .favorites = 400,
                    .seed = random_seed(),
                    .ids = realworld::Ids::mixed};
    storm_.writers = 2;
    storm_.user_rounds = 1;
  }

  /// The moment of a kill is to hit anything at all, so it is the one thing here that goes by the clock.
  void pass_time_up_to(int milliseconds) {
    std::this_thread::sleep_for(std::chrono::milliseconds(realworld::below(random_, milliseconds)));
  }

  realworld::StormOptions storm_;
  realworld::Random random_;
};

TEST_F(Kill, AWorkerAtRandomMomentsUnderLoad) {
  constexpr int kills = 25;
  start(realworld_file()).ready();
  realworld::seed(db(), storm_.sizes);
  StormThread storm(server().patient_uri(), db().database(), storm_);
  for (int i = 0; i < kills; ++i) {
    pass_time_up_to(300);
    worker().kill9();
    forget_workers();
    start(realworld_file(), {"--batch-docs", i % 2 == 0 ? "20" : "1000"}).ready();
  }
  const auto report = storm.finish();
  EXPECT_EQ(report.failed, 0) << report.first_failure;
  EXPECT_TRUE(exact()) << "SLUICE_SEED=" << random_seed();
  std::cout << kills << " kills during " << report.operations << " operations\n";
}

/// Killed while it starts, too: taking the lease, opening the stream, reading the positions.
TEST_F(Kill, AWorkerWhileItStarts) {
  start(realworld_file()).ready();
  realworld::seed(db(), storm_.sizes);
  StormThread storm(server().patient_uri(), db().database(), storm_);
  for (int i = 0; i < 15; ++i) {
    worker().kill9();
    forget_workers();
    start(realworld_file());
    pass_time_up_to(150);
  }
  worker().kill9();
  forget_workers();
  storm.finish();
  start(realworld_file()).ready();
  EXPECT_TRUE(exact()) << "SLUICE_SEED=" << random_seed();
}

TEST_F(Kill, OneOfThreeShardsAfterTheOther) {
  start_shards(realworld_file(), 3);
  realworld::seed(db(), storm_.sizes);
  StormThread storm(server().patient_uri(), db().database(), storm_);
  for (int i = 0; i < 9; ++i) {
    pass_time_up_to(200);
    worker(static_cast<std::size_t>(i % 3)).kill9();
    replace_worker(static_cast<std::size_t>(i % 3), realworld_file(), {}, 3, i % 3).ready();
  }
  storm.finish();
  EXPECT_TRUE(exact(3)) << "SLUICE_SEED=" << random_seed();
}

}  // namespace
}  // namespace sluice::test
