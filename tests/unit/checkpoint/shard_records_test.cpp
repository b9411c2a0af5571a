#include "checkpoint/shard_records.hpp"

#include <gtest/gtest.h>

#include "checkpoint/checkpoint_store.hpp"
#include "unit/bson/json.hpp"

namespace sluice::checkpoint {
namespace {

class ShardRecordTest : public testing::Test {
 protected:
  test::Store store_;
};

TEST_F(ShardRecordTest, IsReadFromItsDocument) {
  const ShardRecord shard = ShardRecord::read(store_.document(R"({
      "_id": "p/s/1-of-4", "count": 4, "index": 1, "lanes": 3, "epoch": {"$numberLong": "9"},
      "holder": {"host": "h", "space": "x", "pid": 7, "started": 8},
      "expiresAt": {"$date": {"$numberLong": "1000"}}, "optionsHash": "abc",
      "token": {"_data": "8205"}, "clusterTime": {"$timestamp": {"t": 1, "i": 2}},
      "facts": [{"count": 2, "index": 1, "floor": "8201", "lanes": ["8203", ""]}]})"));
  EXPECT_EQ(shard.id, "p/s/1-of-4");
  EXPECT_EQ(shard.count, 4);
  EXPECT_EQ(shard.index, 1);
  EXPECT_EQ(shard.lanes, 3);
  EXPECT_EQ(shard.epoch, 9);
  EXPECT_EQ(shard.holder, (LeaseHolder{"h", "x", 7, 8, ""}));
  EXPECT_EQ(shard.expires_at_ms, 1000);
  EXPECT_EQ(shard.options_hash, "abc");
  EXPECT_EQ(shard.floor_data(), "8205");
  EXPECT_EQ(shard.floor->cluster_time, (1ULL << 32) + 2);
  EXPECT_EQ(shard.facts, (std::vector<flow::DoneTable::Fact>{{2, 1, "8201", {"8203", ""}}}));
}

TEST_F(ShardRecordTest, HasNoPositionBeforeItsFirst) {
  const ShardRecord shard = ShardRecord::read(store_.document(R"({"_id": "p/s/0-of-1"})"));
  EXPECT_FALSE(shard.floor);
  EXPECT_EQ(shard.floor_data(), "");
  EXPECT_FALSE(shard.has_holder);
}

TEST_F(ShardRecordTest, IsHeldUntilItsLeaseEnds) {
  ShardRecord shard;
  const LeaseHolder self{"me", "x", 1, 2, ""};
  EXPECT_FALSE(shard.held(0, self));
  shard.has_holder = true;
  shard.holder = {"another", "x", 1, 2, ""};
  shard.expires_at_ms = 1000;
  EXPECT_TRUE(shard.held(999, self));
  EXPECT_FALSE(shard.held(1000, self));
  EXPECT_FALSE(shard.held(999, shard.holder)) << "by itself";
}

TEST_F(ShardRecordTest, IsNotHeldByAProcessThatIsGone) {
  ShardRecord shard;
  shard.has_holder = true;
  shard.holder = LeaseHolder::self();
  --shard.holder.started;
  shard.expires_at_ms = 1000;
  EXPECT_FALSE(shard.held(0, LeaseHolder::self()));
}

TEST_F(ShardRecordTest, NamesItsDocuments) {
  const ShardId id{"realworld", "main", 4, 1, 8, ""};
  EXPECT_EQ(id.stream_id(), "realworld/main");
  EXPECT_EQ(id.shard_id(), "realworld/main/1-of-4");
  EXPECT_EQ(id.shard_id_of(5, 0), "realworld/main/0-of-5");
  EXPECT_EQ(id.lane_id(7), "realworld/main/1-of-4/lane-7-of-8");
}

TEST_F(ShardRecordTest, WritesAPositionAsItReadsIt) {
  const Position position = Position::of(store_.document(R"({"_data": "82", "_typeBits": "x"})"), 77);
  bson::Builder builder;
  append_position(builder, position);
  const auto again = read_position(builder.finish());
  ASSERT_TRUE(again);
  EXPECT_EQ(again->token, position.token);
  EXPECT_EQ(again->cluster_time, 77U);
  EXPECT_FALSE(read_position(store_.document("{}")));
}

TEST_F(ShardRecordTest, WritesDedupWindowsAsItReadsThem) {
  const std::vector<DedupRecord> windows{{"a", {1000, 5000, true, {{~0ULL, -1}, {3, 6000}}}},
                                         {"b", {2000, INT64_MIN, true, {}}},
                                         {"$c", {2000, 7, false, {}}}};
  bson::Builder builder;
  append_windows(builder, windows_field, windows);
  const bson::View document = builder.finish();
  EXPECT_EQ(ShardRecord::read(document).windows, windows);
  EXPECT_FALSE(ShardRecord::read(store_.document("{}")).windows);
}

TEST_F(ShardRecordTest, TakesUnreadableDedupWindowsForMissing) {
  const auto windows =
      ShardRecord::read(store_.document(R"({"dedupWindows": [{"rule": "a", "exact": true, "entries": 7}]})"))
          .windows;
  ASSERT_TRUE(windows);
  EXPECT_FALSE(windows->front().window.exact);
}

}  // namespace
}  // namespace sluice::checkpoint
