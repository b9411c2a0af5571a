#include "sinks/kafka/exactly_once/lane_name.hpp"

#include <gtest/gtest.h>

#include "checkpoint/shard_id.hpp"

namespace sluice::sinks::kafka {
namespace {

TEST(KafkaLaneName, IsReadFromTheIdOfALane) {
  const checkpoint::ShardId id{"shop/eu", "orders:publish", 16, 3, 8, ""};
  const auto name = LaneName::parse(id.lane_id(5));
  ASSERT_TRUE(name);
  EXPECT_EQ(*name, (LaneName{"shop/eu/orders:publish", 3, 16, 5, 8}));
  EXPECT_EQ(name->id(), id.lane_id(5));
  EXPECT_EQ(name->with_lane(7).id(), id.lane_id(7));
}

TEST(KafkaLaneName, OfALayoutHasNoLane) {
  const LaneName name{"p/s", 1, 2, 0, 8};
  EXPECT_EQ(name.layout_key(), "p/s/1-of-2/lanes-8");
  EXPECT_EQ(LaneName::parse_layout(name.layout_key()), name);
  EXPECT_FALSE(LaneName::parse(name.layout_key()));
  EXPECT_FALSE(LaneName::parse_layout(name.id()));
}

TEST(KafkaLaneName, IsNotReadFromOtherTexts) {
  for (const char* text : {"", "p", "p/s", "p/s/0-of-1", "p/s/0-of-1/lane-8-of-8", "p/s/1-of-1/lane-0-of-8",
                           "p/s/x-of-1/lane-0-of-8", "p/s/0-of-1/lane--1-of-8", "p/s/0-of-1/lanes-0"}) {
    EXPECT_FALSE(LaneName::parse(text)) << text;
    EXPECT_FALSE(LaneName::parse_layout(text)) << text;
  }
}

}  // namespace
}  // namespace sluice::sinks::kafka
