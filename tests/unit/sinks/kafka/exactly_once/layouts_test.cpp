#include "sinks/kafka/exactly_once/layouts.hpp"

#include <gtest/gtest.h>

namespace sluice::sinks::kafka {
namespace {

const LaneName own{"p/s", 1, 2, 0, 4};

PositionRecord at(std::int64_t epoch, bool closed = false) {
  return {epoch, "82", {}, closed};
}

std::vector<std::string> ids_of(const std::vector<LaneName>& names) {
  std::vector<std::string> ids;
  for (const LaneName& name : names) ids.push_back(name.id());
  return ids;
}

TEST(KafkaLayouts, AWorkerIsSupersededByANewerLeaseOfItsShard) {
  EXPECT_FALSE(is_superseded({}, own, 5));
  EXPECT_FALSE(is_superseded({{own.id(), at(5)}, {own.layout_key(), at(5)}}, own, 5));
  EXPECT_TRUE(is_superseded({{own.with_lane(3).id(), at(6)}}, own, 5));
  EXPECT_TRUE(is_superseded({{own.layout_key(), at(6)}}, own, 5));
  const LaneName more_lanes{"p/s", 1, 2, 0, 8};
  EXPECT_TRUE(is_superseded({{more_lanes.layout_key(), at(6)}}, own, 5));
  const LaneName other_layout{"p/s", 0, 1, 0, 4};
  EXPECT_TRUE(is_superseded({{other_layout.layout_key(), at(6)}}, own, 5));
}

TEST(KafkaLayouts, LeasesOfOtherShardsAndStreamsSupersedeNobody) {
  const LaneName sibling{"p/s", 0, 2, 0, 4};
  const LaneName stranger{"p/t", 1, 2, 0, 4};
  EXPECT_FALSE(is_superseded({{sibling.id(), at(9)}, {stranger.id(), at(9)}, {"x", at(9)}}, own, 5));
}

TEST(KafkaLayouts, AllLanesOfAnAnnouncedLayoutAreOpenUntilTheyAreClosed) {
  const LaneName before{"p/s", 1, 2, 0, 2};
  PositionRecords records{{before.layout_key(), at(1)}, {before.with_lane(1).id(), at(1)}};
  EXPECT_EQ(ids_of(open_lanes(records, own)),
            (std::vector<std::string>{before.id(), before.with_lane(1).id()}))
      << "one of them has never written";
  records[before.with_lane(1).id()].closed = true;
  EXPECT_EQ(ids_of(open_lanes(records, own)), std::vector<std::string>{before.id()});
  records[before.id()] = at(2, true);
  EXPECT_TRUE(open_lanes(records, own).empty());
}

TEST(KafkaLayouts, LanesOfTheSameLayoutAndOfOtherDocumentsStayOpen) {
  const LaneName sibling{"p/s", 0, 2, 0, 8};
  const LaneName same_layout{"p/s", 0, 2, 0, 4};
  const LaneName stranger{"p/t", 1, 2, 0, 8};
  EXPECT_TRUE(open_lanes({{own.layout_key(), at(1)},
                          {own.id(), at(1)},
                          {sibling.layout_key(), at(1)},
                          {same_layout.layout_key(), at(1)},
                          {stranger.layout_key(), at(1)}},
                         own)
                  .empty());
}

TEST(KafkaLayouts, AllShardsOfAnotherNumberOfShardsAreClosed) {
  const LaneName one{"p/s", 0, 3, 0, 1};
  const LaneName two{"p/s", 2, 3, 0, 1};
  EXPECT_EQ(ids_of(open_lanes({{one.layout_key(), at(1)}, {two.layout_key(), at(1)}}, own)),
            (std::vector<std::string>{one.id(), two.id()}));
}

}  // namespace
}  // namespace sluice::sinks::kafka
