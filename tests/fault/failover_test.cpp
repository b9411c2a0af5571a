#include <csignal>

#include "support/own_server.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

class OneNode : public ServerFaults {
 protected:
  OneNode() : ServerFaults(1) {}
};

class ThreeNodes : public ServerFaults {
 protected:
  ThreeNodes() : ServerFaults(3) {}
};

TEST_F(OneNode, MongodKilledAndRestarted) {
  start_shards(realworld_file(), 2);
  realworld::seed(db(), storm_.sizes);
  StormThread storm(server().patient_uri(), db().database(), storm_);
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(go_on(200));
    server().node(0).kill9();
    server().node(0).restart();
    server().wait_for_primary();
  }
  ASSERT_TRUE(go_on(200));
  storm.finish();
  EXPECT_TRUE(exact(2)) << "SLUICE_SEED=" << random_seed();
  terminate_all();
}

TEST_F(ThreeNodes, StepDownInTheMiddleOfAStorm) {
  start_shards(realworld_file(), 2);
  realworld::seed(db(), storm_.sizes);
  StormThread storm(server().patient_uri(), db().database(), storm_);
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(go_on(200));
    server().step_down();
    server().wait_for_primary();
  }
  ASSERT_TRUE(go_on(200));
  storm.finish();
  EXPECT_TRUE(exact(2)) << "SLUICE_SEED=" << random_seed();
  EXPECT_GE(metric("sluice_retries_total") + metric("sluice_stream_reopens_total"), 1);
  terminate_all();
}

TEST_F(ThreeNodes, ThePrimaryIsKilledAndComesBackAsASecondary) {
  start_shards(realworld_file(), 2);
  realworld::seed(db(), storm_.sizes);
  StormThread storm(server().patient_uri(), db().database(), storm_);
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(go_on(200));
    MongodProcess& primary = server().primary();
    primary.kill9();
    server().wait_for_primary();
    primary.restart();
  }
  ASSERT_TRUE(go_on(200));
  storm.finish();
  EXPECT_TRUE(exact(2)) << "SLUICE_SEED=" << random_seed();
  terminate_all();
}

TEST_F(ThreeNodes, ThePrimaryHangsAndWakesUpAgain) {
  start_shards(realworld_file(), 2);
  realworld::seed(db(), storm_.sizes);
  StormThread storm(server().patient_uri() + "&socketTimeoutMS=5000", db().database(), storm_);
  ASSERT_TRUE(go_on(200));
  MongodProcess& hanging = server().primary();
  hanging.stop();
  server().wait_for_primary();
  ASSERT_TRUE(go_on(200));
  hanging.cont();
  ASSERT_TRUE(go_on(200));
  storm.finish();
  EXPECT_TRUE(exact(2)) << "SLUICE_SEED=" << random_seed();
  terminate_all();
}

}  // namespace
}  // namespace sluice::test
