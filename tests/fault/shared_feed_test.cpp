#include <csignal>
#include <functional>

#include "support/own_server.hpp"
#include "support/shared_feed_fixture.hpp"

namespace sluice::test {
namespace {

/// The member that reads the change stream for the others fails in the middle of a storm.
class SharedFeedFaults : public SharedFeedTest {
 protected:
  void one_hangs(const std::function<Worker&()>& which) {
    for (int i = 0; i < 3; ++i) join().ready();
    ASSERT_TRUE(becomes_even(partitions));
    ASSERT_TRUE(one_reads_for_all());
    realworld::seed(db(), storm_.sizes);
    StormThread storm(server().patient_uri(), db().database(), storm_);
    ASSERT_TRUE(go_on(100));
    const auto all = members();
    Worker& sleeper = which();
    sleeper.signal(SIGSTOP);
    no_member(sleeper);
    ASSERT_TRUE(becomes_even(partitions)) << "the others did not take over";
    ASSERT_TRUE(go_on(100));
    sleeper.signal(SIGCONT);
    members_again(all);
    ASSERT_TRUE(becomes_even(partitions)) << sleeper.story();
    storm.finish();
    EXPECT_TRUE(one_reads_for_all());
    EXPECT_TRUE(exact(partitions)) << "SLUICE_SEED=" << random_seed();
  }
};

TEST_F(SharedFeedFaults, TheReadingMemberIsKilled) {
  for (int i = 0; i < 3; ++i) join().ready();
  ASSERT_TRUE(becomes_even(partitions));
  realworld::seed(db(), storm_.sizes);
  StormThread storm(server().patient_uri(), db().database(), storm_);
  for (int round = 0; round < 3; ++round) {
    ASSERT_TRUE(one_reads_for_all());
    ASSERT_TRUE(go_on(100));
    Worker& reading = reading_member();
    no_member(reading);
    reading.kill9();
    ASSERT_TRUE(becomes_even(partitions));
    ASSERT_TRUE(go_on(100));
    join().ready();
    ASSERT_TRUE(becomes_even(partitions));
  }
  storm.finish();
  EXPECT_TRUE(one_reads_for_all());
  EXPECT_TRUE(exact(partitions)) << "SLUICE_SEED=" << random_seed();
}

/// The others wait for its answer for a few seconds, and then read by themselves.
TEST_F(SharedFeedFaults, TheReadingMemberHangs) {
  one_hangs([this]() -> Worker& { return reading_member(); });
}

/// What it does not take must not hold up the others, nor pile up in the reading member.
TEST_F(SharedFeedFaults, AFollowingMemberHangs) {
  one_hangs([this]() -> Worker& {
    const Worker& reading = reading_member();
    return *members()[members()[0] == &reading ? 1 : 0];
  });
}

TEST_F(SharedFeedFaults, AllMembersAreKilledAndOthersGoOn) {
  for (int i = 0; i < 3; ++i) join().ready();
  ASSERT_TRUE(one_reads_for_all());
  realworld::seed(db(), storm_.sizes);
  StormThread storm(server().patient_uri(), db().database(), storm_);
  ASSERT_TRUE(go_on(200));
  kill_all_members();
  for (int i = 0; i < 2; ++i) join().ready();
  ASSERT_TRUE(becomes_even(partitions));
  storm.finish();
  EXPECT_TRUE(one_reads_for_all());
  EXPECT_TRUE(exact(partitions)) << "SLUICE_SEED=" << random_seed();
}

class SharedFeedOnThreeNodes : private OwnServer<ReplicaSet>, public SharedFeedTest {
 protected:
  SharedFeedOnThreeNodes() : OwnServer<ReplicaSet>(3), SharedFeedTest(own) {}
};

TEST_F(SharedFeedOnThreeNodes, StepDownInTheMiddleOfAStorm) {
  for (int i = 0; i < 3; ++i) join().ready();
  ASSERT_TRUE(becomes_even(partitions));
  realworld::seed(db(), storm_.sizes);
  StormThread storm(server().patient_uri(), db().database(), storm_);
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(go_on(150));
    server().step_down();
    server().wait_for_primary();
  }
  ASSERT_TRUE(go_on(150));
  storm.finish();
  ASSERT_TRUE(becomes_even(partitions));
  EXPECT_TRUE(one_reads_for_all());
  EXPECT_TRUE(exact(partitions)) << "SLUICE_SEED=" << random_seed();
}

/// MongoDB goes silent for the reading member alone: the others have a way of their own to the server.
class SharedFeedNetwork : private OwnServer<ReplicaSet>, public SharedFeedTest {
 protected:
  SharedFeedNetwork() : OwnServer<ReplicaSet>(1, Network::proxied), SharedFeedTest(own) {
    // The member that started first reads for the others.
    workers_connect_to(server().uri() + "&socketTimeoutMS=3000");
    join().ready();
    workers_connect_to(server().patient_uri());
    for (int i = 0; i < 2; ++i) join().ready();
    all_ = members();
  }

  workbench::TcpProxy& network() { return server().node(0).network(); }
  Worker& first() { return worker(0); }
  double troubles_of_first() {
    const auto metrics = first().metrics();
    return metrics.sum("sluice_retries_total") + metrics.sum("sluice_stream_reopens_total");
  }

  void first_reads_for_all() {
    ASSERT_TRUE(becomes_even(partitions)) << first().story();
    ASSERT_TRUE(one_reads_for_all());
    ASSERT_EQ(&reading_member(), &first());
  }

  /// As the server sees a member's connections.
  std::string name_of(const Worker& member) {
    const Document seen = status();
    for (std::size_t i = 0; i < members().size(); ++i) {
      const std::string one = "members." + std::to_string(i);
      if (std::to_string(seen.integer(one + ".httpPort")) == member.port())
        return seen.text(one + ".instance");
    }
    throw std::runtime_error("no such member: " + seen.json());
  }

  /// The others get the first member's partitions, and share a change stream without it.
  void others_go_on() {
    no_member(first());
    ASSERT_TRUE(becomes_even(partitions)) << "the others did not take over";
    ASSERT_TRUE(one_reads_for_all()) << "the others do not share a change stream";
  }
  void first_is_back() {
    members_again(all_);
    first_reads_for_all();
  }

  /// Runs `course` while a storm is written, after which the projections must be exact.
  void in_a_storm(const std::function<void()>& course) {
    ASSERT_NO_FATAL_FAILURE(first_reads_for_all());
    realworld::seed(db(), storm_.sizes);
    StormThread storm(server().patient_uri(), db().database(), storm_);
    ASSERT_NO_FATAL_FAILURE(course());
    storm.finish();
    EXPECT_TRUE(exact(partitions)) << "SLUICE_SEED=" << random_seed();
  }

 private:
  std::vector<Worker*> all_;
};

TEST_F(SharedFeedNetwork, IsSilentInTheMiddleOfAStorm) {
  in_a_storm([this] {
    for (int round = 0; round < 2; ++round) {
      ASSERT_TRUE(go_on(100));
      network().stall();
      ASSERT_NO_FATAL_FAILURE(others_go_on());
      ASSERT_TRUE(go_on(100));
      network().heal();
      ASSERT_NO_FATAL_FAILURE(first_is_back());
    }
  });
}

/// It is silent for longer than connections wait for an answer, so they are closed and opened again in vain.
TEST_F(SharedFeedNetwork, IsSilentWhileNothingHappens) {
  ASSERT_NO_FATAL_FAILURE(first_reads_for_all());
  network().stall();
  ASSERT_NO_FATAL_FAILURE(others_go_on());
  realworld::seed(db(), storm_.sizes);
  realworld::storm(server().patient_uri(), db().database(), storm_);
  EXPECT_TRUE(exact(partitions)) << "SLUICE_SEED=" << random_seed();
  EXPECT_TRUE(soon([&] { return first().get("/readyz").status == 503; })) << first().get("/readyz").body;
  EXPECT_TRUE(first().logs("socket error or timeout")) << first().story();
  network().heal();
  ASSERT_NO_FATAL_FAILURE(first_is_back());
  EXPECT_TRUE(soon([&] { return first().well(); })) << first().get("/readyz").body;
  storm_.first_new = 500'000'000;
  realworld::storm(server().patient_uri(), db().database(), storm_);
  EXPECT_TRUE(exact(partitions)) << "SLUICE_SEED=" << random_seed();
}

/// Its leases are renewed, so it keeps its partitions, which wait.
TEST_F(SharedFeedNetwork, IsSilentForTheChangeStreamOfTheReadingMember) {
  in_a_storm([this] {
    ASSERT_TRUE(go_on(100));
    db().admin(R"({"configureFailPoint":"failCommand","mode":"alwaysOn","data":{"failCommands":["getMore"],)"
               R"("blockConnection":true,"blockTimeMS":10000,"appName":")" +
               name_of(first()) + R"("}})");
    no_member(first());
    EXPECT_TRUE(go_on(100)) << "the others wait for the first member";
    EXPECT_TRUE(one_reads_for_all()) << "the others do not share a change stream";
    const auto report = db().admin(R"({"configureFailPoint":"failCommand","mode":"off"})");
    EXPECT_GT(report.integer("count"), 0);
    ASSERT_NO_FATAL_FAILURE(first_is_back());
  });
}

/// As by a firewall. New connections work, so the member may keep its partitions.
TEST_F(SharedFeedNetwork, ForgetsTheConnectionsOfTheReadingMember) {
  in_a_storm([this] {
    for (int round = 0; round < 2; ++round) {
      ASSERT_TRUE(go_on(100));
      const double before = troubles_of_first();
      network().forget_connections();
      no_member(first());
      ASSERT_TRUE(go_on(100)) << "the others wait for the first member";
      ASSERT_TRUE(soon([&] { return troubles_of_first() > before; }));
      ASSERT_NO_FATAL_FAILURE(first_is_back());
    }
  });
}

}  // namespace
}  // namespace sluice::test
