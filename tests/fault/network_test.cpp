#include "support/own_server.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

/// Between the workers and the server lies a network that fails; the storm itself goes past it.
class OneNodeNetwork : public ServerFaults {
 protected:
  OneNodeNetwork() : ServerFaults(1, Network::proxied) {}

  workbench::TcpProxy& network() { return server().node(0).network(); }
  double troubles() const { return metric("sluice_retries_total") + metric("sluice_stream_reopens_total"); }
  /// Waits until a worker has met the fault.
  bool noticed(double before) {
    return soon([&] { return troubles() > before; });
  }
  /// Waits until no position has been stored for so long.
  bool no_position_for(double seconds) {
    return soon([&] { return metric("sluice_checkpoint_age_seconds") > seconds; });
  }
  /// A worker beside the first, with a way of its own to the server.
  Worker& start_past_the_network(const std::vector<std::string>& flags) {
    workers_connect_to(server().patient_uri());
    return start(realworld_file(), flags);
  }
  void ends_exact(StormThread& storm, int shards) {
    ASSERT_TRUE(go_on(200));
    const auto report = storm.finish();
    EXPECT_EQ(report.failed, 0) << report.first_failure;
    EXPECT_TRUE(exact(shards)) << "SLUICE_SEED=" << random_seed();
    EXPECT_EQ(metric("sluice_events_dead_total"), 0);
  }
};

TEST_F(OneNodeNetwork, ConnectionsAreResetInTheMiddleOfAStorm) {
  start_shards(realworld_file(), 2, {"--batch-docs", "20"});
  realworld::seed(db(), storm_.sizes);
  StormThread storm(server().patient_uri(), db().database(), storm_);
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(go_on(100));
    const double before = troubles();
    network().cut();
    ASSERT_TRUE(noticed(before));
    network().heal();
  }
  ends_exact(storm, 2);
  terminate_all();
}

/// Nobody else wants the shard, so its holder finds everything as it left it.
TEST_F(OneNodeNetwork, ACutLongerThanTheLeaseIsWaitedOut) {
  start(realworld_file(), {"--lease-ms", "1000"}).ready();
  realworld::seed(db(), storm_.sizes);
  StormThread storm(server().patient_uri(), db().database(), storm_);
  ASSERT_TRUE(go_on(200));
  network().cut();
  ASSERT_TRUE(no_position_for(2.5));
  EXPECT_TRUE(soon([&] { return worker().get("/readyz").status == 503; }));
  network().heal();
  ends_exact(storm, 1);
  EXPECT_TRUE(soon([&] { return worker().get("/readyz").status == 200; })) << worker().get("/readyz").body;
  terminate_all();
}

/// What the first holder has sent is held back by the network, and reaches the server when the shard has long
/// been another's.
TEST_F(OneNodeNetwork, WritesThatArriveAfterTheLeaseAreRejected) {
  const std::vector<std::string> flags = {"--lease-ms", "1500", "--batch-docs", "50"};
  start(realworld_file(), flags).ready();
  realworld::seed(db(), storm_.sizes);
  StormThread storm(server().patient_uri(), db().database(), storm_);
  ASSERT_TRUE(go_on(200));
  network().stall();
  start_past_the_network(flags).ready();
  ASSERT_TRUE(go_on(200));
  network().heal();
  EXPECT_EQ(worker(0).wait(), 3) << worker(0).story();
  ends_exact(storm, 1);
}

TEST_F(OneNodeNetwork, AnswersThatComeLate) {
  start_shards(realworld_file(), 2, {"--batch-docs", "50"});
  realworld::seed(db(), storm_.sizes);
  StormThread storm(server().patient_uri(), db().database(), storm_);
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(go_on(100));
    network().stall();
    std::this_thread::sleep_for(1s);  // the stall itself
    network().heal();
  }
  ends_exact(storm, 2);
  terminate_all();
}

/// Neither side is told that a connection is dead: the worker finds out by its time-out, and its open
/// transactions, which the server knows nothing bad of, must not stand in its own way.
TEST_F(OneNodeNetwork, HalfOpenConnectionsAreGivenUp) {
  workers_connect_to(server().uri() + "&socketTimeoutMS=2000");
  start_shards(realworld_file(), 2, {"--batch-docs", "20"});
  realworld::seed(db(), storm_.sizes);
  StormThread storm(server().patient_uri(), db().database(), storm_);
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(go_on(200));
    const double before = troubles();
    network().forget_connections();
    ASSERT_TRUE(noticed(before));
  }
  ends_exact(storm, 2);
  terminate_all();
}

TEST_F(OneNodeNetwork, EveryWayTakesTwentyMilliseconds) {
  network().delay(20ms);
  start_shards(realworld_file(), 2);
  realworld::seed(db(), storm_.sizes);
  StormThread storm(server().patient_uri(), db().database(), storm_);
  ends_exact(storm, 2);
  EXPECT_GT(network().connections(), 0u);
  terminate_all();
}

/// The set's members reach each other over the same network.
class ThreeNodesNetwork : public ServerFaults {
 protected:
  ThreeNodesNetwork() : ServerFaults(3, Network::proxied) {}
};

TEST_F(ThreeNodesNetwork, ThePrimaryIsCutOffFromEverybody) {
  start_shards(realworld_file(), 2);
  realworld::seed(db(), storm_.sizes);
  StormThread storm(server().patient_uri(), db().database(), storm_);
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(go_on(200));
    workbench::TcpProxy& network = server().primary().network();
    network.cut();
    server().wait_for_primary();
    ASSERT_TRUE(go_on(200));
    network.heal();
  }
  ASSERT_TRUE(go_on(200));
  storm.finish();
  EXPECT_TRUE(exact(2)) << "SLUICE_SEED=" << random_seed();
  EXPECT_EQ(metric("sluice_events_dead_total"), 0);
  terminate_all();
}

}  // namespace
}  // namespace sluice::test
