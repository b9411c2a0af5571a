#include "support/cluster_fixture.hpp"

namespace sluice::test {
namespace {

/// Partitions of an instance read from one cursor.
class Feed : public ClusterTest {
 protected:
  static constexpr int partitions = 6;

  Worker& join() { return ClusterTest::join(partitions, {"--lease-ms", "3000"}); }

  /// Whether the instance reads all partitions with one cursor.
  testing::AssertionResult shares_one_cursor(const Worker& member) {
    const auto shares = [&] {
      const auto metrics = member.metrics();
      return metrics.sum("sluice_feed_readers") == partitions && metrics.sum("sluice_feed_cursors") == 1;
    };
    if (soon(shares, std::chrono::minutes(1))) return testing::AssertionSuccess();
    const auto metrics = member.metrics();
    return testing::AssertionFailure() << metrics.sum("sluice_feed_readers") << " readers have "
                                       << metrics.sum("sluice_feed_cursors") << " cursors";
  }
};

TEST_F(Feed, ThePartitionsOfAnInstanceShareACursor) {
  join().ready();
  ASSERT_TRUE(shares_one_cursor(worker(0)));
  realworld::seed(db(), storm_.sizes);
  realworld::storm(server().patient_uri(), db().database(), storm_);
  EXPECT_TRUE(exact(partitions)) << "SLUICE_SEED=" << random_seed();
  EXPECT_EQ(worker(0).metrics().sum("sluice_feed_detached"), 0);
  terminate_all();
}

/// They are behind, and read by themselves until they have come near.
TEST_F(Feed, PartitionsOfADeadInstanceJoinTheOthers) {
  for (int i = 0; i < 2; ++i) join().ready();
  ASSERT_TRUE(becomes_even(partitions));
  realworld::seed(db(), storm_.sizes);
  StormThread storm(server().patient_uri(), db().database(), storm_);
  ASSERT_TRUE(go_on(200));
  no_member(worker(1));
  worker(1).kill9();
  worker(1).wait();
  ASSERT_TRUE(becomes_even(partitions));
  const auto report = storm.finish();
  EXPECT_EQ(report.failed, 0) << report.first_failure;
  EXPECT_TRUE(shares_one_cursor(worker(0)));
  EXPECT_TRUE(exact(partitions)) << "SLUICE_SEED=" << random_seed();
}

}  // namespace
}  // namespace sluice::test
