#include "flow/flight_size.hpp"

#include <gtest/gtest.h>

namespace sluice::flow {
namespace {

TEST(FlightSizeTest, HalvesWhereOthersPublishInBetween) {
  FlightSize size(4096);
  EXPECT_EQ(size.now(), 4096U);
  size.interrupted(4000);
  EXPECT_EQ(size.now(), 2048U);
  size.interrupted(7);
  EXPECT_EQ(size.now(), 7U);
}

TEST(FlightSizeTest, NeverLessThanOneMessage) {
  FlightSize size(4);
  for (int i = 0; i < 9; ++i) size.interrupted(0);
  EXPECT_EQ(size.now(), 1U);
}

TEST(FlightSizeTest, GrowsBackToTheMost) {
  FlightSize size(4096);
  size.interrupted(1);
  for (int i = 0; i < 20; ++i) size.came_through();
  EXPECT_EQ(size.now(), 4096U);
}

}  // namespace
}  // namespace sluice::flow
