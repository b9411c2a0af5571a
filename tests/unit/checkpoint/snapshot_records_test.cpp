#include "checkpoint/snapshot_records.hpp"

#include <gtest/gtest.h>

namespace sluice::checkpoint {
namespace {

using flow::SnapshotMark;

std::vector<std::uint8_t> id(int value) {
  bson::Builder holder;
  const bson::View made = holder.append("v", value).finish();
  return {made.data(), made.data() + made.size()};
}

SnapshotMark at(std::size_t collection, int last, std::int64_t documents = 1) {
  return {collection, id(last), documents, false};
}

const SnapshotMark all_done{2, {}, 9, true};

/// Where shard 1 of 3 goes on with the run "r".
SnapshotMark go_on(const ProgressOfShards& all) {
  return mark_to_go_on_from(all, "r", 1, 3);
}

TEST(SnapshotRecords, AShardGoesOnWhereItWas) {
  EXPECT_EQ(go_on({}), SnapshotMark{});
  EXPECT_EQ(go_on({{"1-of-3", {"r", at(0, 5)}}, {"0-of-3", {"r", at(1, 9)}}}), at(0, 5));
  EXPECT_EQ(go_on({{"1-of-3", {"an older one", at(0, 5)}}}), SnapshotMark{});
}

TEST(SnapshotRecords, AFinishedSnapshotIsFinishedInAnyLayout) {
  EXPECT_TRUE(go_on({{"0-of-1", {"r", all_done}}}).done);
  EXPECT_TRUE(
      go_on({{"0-of-2", {"r", all_done}}, {"1-of-2", {"r", all_done}}, {"1-of-3", {"r", at(0, 5)}}}).done);
  EXPECT_FALSE(go_on({{"0-of-2", {"r", all_done}}}).done) << "of the other one nobody knows";
  EXPECT_FALSE(go_on({{"0-of-1", {"an older one", all_done}}}).done);
}

TEST(SnapshotRecords, AnotherLayoutCountsAsFarAsItsSlowestShard) {
  EXPECT_EQ(go_on({{"0-of-2", {"r", all_done}}, {"1-of-2", {"r", at(1, 3)}}}), at(1, 3, 0));
  EXPECT_EQ(go_on({{"0-of-2", {"r", at(0, 30)}}, {"1-of-2", {"r", at(0, 4)}}}), at(0, 4, 0));
  EXPECT_EQ(go_on({{"0-of-2", {"r", at(1, 1)}}, {"1-of-2", {"r", {0, {}, 0, false}}}}), SnapshotMark{});
}

TEST(SnapshotRecords, OfSeveralLayoutsTheFarthestCounts) {
  EXPECT_EQ(go_on({{"1-of-3", {"r", at(0, 5, 7)}}, {"0-of-1", {"r", at(0, 6)}}}), at(0, 6, 7));
  EXPECT_EQ(go_on({{"1-of-3", {"r", at(0, 7, 7)}}, {"0-of-1", {"r", at(0, 6)}}}), at(0, 7, 7));
}

}  // namespace
}  // namespace sluice::checkpoint
