#include "flow/dedup.hpp"

#include <gtest/gtest.h>

namespace sluice::flow {
namespace {

TEST(DedupWindow, LetsTheFirstThroughUntilItsWindowEnds) {
  DedupWindow window(1000);
  EXPECT_FALSE(window.repeated(1, 0));
  EXPECT_TRUE(window.repeated(1, 999));
  EXPECT_FALSE(window.repeated(1, 1000)) << "repetitions do not prolong it";
  EXPECT_TRUE(window.repeated(1, 1500));
}

TEST(DedupWindow, KeepsContentsApart) {
  DedupWindow window(1000);
  EXPECT_FALSE(window.repeated(1, 0));
  EXPECT_FALSE(window.repeated(2, 500));
  EXPECT_FALSE(window.repeated(1, 1200));
  EXPECT_TRUE(window.repeated(2, 1200));
}

TEST(DedupWindow, ForgetsTheOldestWhenItIsFull) {
  DedupWindow window(1000, 2);
  EXPECT_FALSE(window.repeated(1, 0));
  EXPECT_FALSE(window.repeated(2, 1));
  EXPECT_FALSE(window.repeated(3, 2));
  EXPECT_EQ(window.size(), 2U);
  EXPECT_TRUE(window.repeated(3, 3));
  EXPECT_TRUE(window.repeated(2, 3));
  EXPECT_FALSE(window.repeated(1, 3));
}

/// Events of several servers' clocks come as they come.
TEST(DedupWindow, TimeThatGoesBackStandsStill) {
  DedupWindow window(1000);
  EXPECT_FALSE(window.repeated(1, 5000));
  EXPECT_TRUE(window.repeated(1, 100));
  EXPECT_FALSE(window.repeated(2, 100));
  EXPECT_TRUE(window.repeated(2, 5999));
}

}  // namespace
}  // namespace sluice::flow
