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

/// Judging goes ahead of the position that may be stored.
TEST(DedupWindow, IsStoredAsItWasAtTheSettledMark) {
  DedupWindow window(1000);
  window.repeated(1, 0);
  window.repeated(2, 500);
  const DedupWindow::Mark mark = window.mark();
  window.repeated(3, 1200);
  window.repeated(1, 1200);
  window.settle(mark);
  const DedupWindow::Stored stored = window.stored(9);
  EXPECT_EQ(stored, (DedupWindow::Stored{1000, 500, true, {{1, 1000}, {2, 1500}}}));
  DedupWindow again(1000);
  ASSERT_TRUE(again.restore(stored));
  EXPECT_TRUE(again.repeated(1, 999));
  EXPECT_FALSE(again.repeated(3, 1200));
  EXPECT_FALSE(again.repeated(1, 1200)) << "an event that is read again does not repeat itself";
}

TEST(DedupWindow, SaysWhatItLeftOut) {
  DedupWindow window(1000);
  for (std::uint64_t content = 0; content < 3; ++content) window.repeated(content, 0);
  window.settle(window.mark());
  EXPECT_EQ(window.stored(2), (DedupWindow::Stored{1000, 0, false, {{1, 1000}, {2, 1000}}}));
  EXPECT_TRUE(window.stored(3).exact);
}

TEST(DedupWindow, KeepsTwiceTheMostAtMostBehindAMarkThatIsNotSettled) {
  DedupWindow window(1000, 2);
  window.repeated(0, 0);
  window.settle(window.mark());
  for (int i = 1; i < 9; ++i) window.repeated(static_cast<std::uint64_t>(i), i * 1000);
  EXPECT_LE(window.kept(), 4U);
  EXPECT_FALSE(window.stored(9).exact) << "the first was dropped although it was in the window there";
  window.settle(window.mark());
  EXPECT_EQ(window.stored(9), (DedupWindow::Stored{1000, 8000, true, {{8, 9000}}}));
}

}  // namespace
}  // namespace sluice::flow
