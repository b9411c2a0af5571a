#include <csignal>
#include <functional>

#include "support/cluster_fixture.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

/// Members that are killed, put to sleep and told to go, in the middle of a storm. A short lease, so that
/// what another machine would have to wait for comes soon.
class ClusterFaults : public ClusterTest {
 protected:
  static constexpr int partitions = 6;
  const std::vector<std::string> flags_ = {"--lease-ms", "2000", "--batch-docs", "50"};

  /// Three times one leaves, and another one comes.
  void members_leave(int members, const std::function<void(Worker&)>& leave) {
    for (int i = 0; i < members; ++i) join(partitions, flags_).ready();
    ASSERT_TRUE(becomes_even(partitions));
    realworld::seed(db(), storm_.sizes);
    StormThread storm(server().patient_uri(), db().database(), storm_);
    for (std::size_t round = 0; round < 3; ++round) {
      ASSERT_TRUE(go_on(200));
      no_member(worker(round));
      leave(worker(round));
      ASSERT_TRUE(becomes_even(partitions));
      ASSERT_TRUE(go_on(200));
      join(partitions, flags_).ready();
      ASSERT_TRUE(becomes_even(partitions));
    }
    storm.finish();
    EXPECT_TRUE(exact(partitions)) << "SLUICE_SEED=" << random_seed();
  }
};

TEST_F(ClusterFaults, WhatAKilledMemberHeldGoesToTheOthers) {
  members_leave(3, [](Worker& member) { member.kill9(); });
}

/// To the others it is as if its machine were gone: nobody can tell but by the lease. When it comes back it
/// finds itself fenced off, commits nothing, and takes its share again.
TEST_F(ClusterFaults, AMemberThatSleptPastItsLeaseIsFencedAndJoinsAgain) {
  join(partitions, flags_).ready();
  join(partitions, flags_).ready();
  ASSERT_TRUE(becomes_even(partitions));
  realworld::seed(db(), storm_.sizes);
  StormThread storm(server().patient_uri(), db().database(), storm_);
  for (int round = 0; round < 2; ++round) {
    ASSERT_TRUE(go_on(200));
    Worker& sleeper = worker(static_cast<std::size_t>(round));
    sleeper.signal(SIGSTOP);
    no_member(sleeper);
    ASSERT_TRUE(becomes_even(partitions)) << "the other one did not take over";
    ASSERT_TRUE(go_on(200));
    sleeper.signal(SIGCONT);
    members_again({&worker(0), &worker(1)});
    ASSERT_TRUE(becomes_even(partitions)) << sleeper.story();
    EXPECT_TRUE(sleeper.running()) << sleeper.story();
  }
  ASSERT_TRUE(go_on(200));
  storm.finish();
  EXPECT_TRUE(exact(partitions)) << "SLUICE_SEED=" << random_seed();
}

TEST_F(ClusterFaults, AMemberThatIsToldToGoHandsItsPartitionsOver) {
  members_leave(2, [](Worker& member) { EXPECT_EQ(member.terminate(), 0) << member.story(); });
}

/// As during an upgrade from a version in which a partition had another number of lanes, and back: what lanes
/// have done beyond a partition's position is counted once by the lanes of the next holder.
TEST_F(ClusterFaults, MembersWithDifferentNumbersOfLanesTakeOverFromEachOther) {
  const auto join_with = [this](const char* lanes) {
    std::vector<std::string> flags = flags_;
    flags.insert(flags.end(), {"--lanes", lanes});
    join(partitions, flags).ready();
  };
  for (int i = 0; i < 3; ++i) join_with("24");
  ASSERT_TRUE(becomes_even(partitions));
  realworld::seed(db(), storm_.sizes);
  StormThread storm(server().patient_uri(), db().database(), storm_);
  std::size_t oldest = 0;
  for (const char* lanes : {"6", "6", "24", "6"}) {
    ASSERT_TRUE(go_on(200));
    no_member(worker(oldest));
    worker(oldest++).kill9();
    join_with(lanes);
    ASSERT_TRUE(becomes_even(partitions));
  }
  ASSERT_TRUE(go_on(200));
  storm.finish();
  EXPECT_TRUE(exact(partitions)) << "SLUICE_SEED=" << random_seed();
}

/// All at once, and the cluster as a whole again.
TEST_F(ClusterFaults, AllMembersAreKilledAndOthersGoOn) {
  for (int i = 0; i < 3; ++i) join(partitions, flags_);
  for (Worker* member : members()) member->ready();
  realworld::seed(db(), storm_.sizes);
  StormThread storm(server().patient_uri(), db().database(), storm_);
  ASSERT_TRUE(go_on(200));
  kill_all_members();
  for (int i = 0; i < 2; ++i) join(partitions, flags_).ready();
  ASSERT_TRUE(becomes_even(partitions));
  storm.finish();
  EXPECT_TRUE(exact(partitions)) << "SLUICE_SEED=" << random_seed();
}

/// A watched collection that is dropped ends every partition's stream; one rebuild serves them all, and
/// nobody has to be started again.
TEST_F(ClusterFaults, ARebuildServesAllMembers) {
  std::vector<std::string> flags = flags_;
  flags.insert(flags.end(), {"--on-lost", "rebuild"});
  for (int i = 0; i < 2; ++i) join(partitions, flags).ready();
  ASSERT_TRUE(becomes_even(partitions));
  realworld::seed(db(), storm_.sizes);
  ASSERT_TRUE(exact(partitions));
  db().command(Document(R"({"drop":"favorites"})"));
  ASSERT_TRUE(soon([&] { return metric("sluice_position_lost_total", "policy=\"rebuild\"") > 0; }));
  storm_.first_new = 500'000'000;
  realworld::storm(server().patient_uri(), db().database(), storm_);
  ASSERT_TRUE(becomes_even(partitions));
  EXPECT_TRUE(exact(partitions)) << "SLUICE_SEED=" << random_seed();
  EXPECT_TRUE(worker(0).running() && worker(1).running());
}

}  // namespace
}  // namespace sluice::test
