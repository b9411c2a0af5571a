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

}  // namespace
}  // namespace sluice::test
