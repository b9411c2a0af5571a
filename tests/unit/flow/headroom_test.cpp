#include "flow/headroom.hpp"

#include <gtest/gtest.h>

namespace sluice::flow {
namespace {

constexpr double never = std::numeric_limits<double>::infinity();

TEST(OplogHeadroom, IsUnknownWithoutASample) {
  const OplogHeadroom headroom;
  EXPECT_FALSE(headroom.seconds());
  EXPECT_FALSE(headroom.exhausted_at());
}

TEST(OplogHeadroom, IsThePositionLessTheOldestEntry) {
  OplogHeadroom headroom;
  headroom.add({.now = 10'000, .oldest = 4'000, .position = 9'000});
  EXPECT_EQ(headroom.seconds(), 5'000);
}

TEST(OplogHeadroom, NeedsSomeTimeToTellARate) {
  OplogHeadroom headroom;
  for (double t = 0; t < OplogHeadroom::least_span; t += 10) {
    headroom.add({.now = 10'000 + t, .oldest = 4'000 + t, .position = 9'000});
    EXPECT_FALSE(headroom.exhausted_at());
  }
  headroom.add({.now = 10'020, .oldest = 4'020, .position = 9'000});
  EXPECT_TRUE(headroom.exhausted_at());
}

TEST(OplogHeadroom, IsNotExhaustedByAnIdleStreamThatMovesWithTheClock) {
  OplogHeadroom headroom;
  for (double t = 0; t < 600; t += 10) {
    headroom.add({.now = 10'000 + t, .oldest = 4'000 + t, .position = 9'999 + t});
    EXPECT_EQ(headroom.exhausted_at(), never);
  }
}

/// A storm fills the ring over quiet hours, so its end comes nearer by hours in seconds. A reader at its
/// beginning has nothing to fear.
TEST(OplogHeadroom, IsNotExhaustedAtTheTipHoweverFastTheOplogRolls) {
  OplogHeadroom headroom;
  for (double t = 0; t < 100; t += 10) {
    headroom.add({.now = 100'000 + t, .oldest = 4'000 + 500 * t, .position = 99'990 + t});
    EXPECT_EQ(headroom.exhausted_at(), never);
  }
}

/// The stream and the oplog begin in the same second.
TEST(OplogHeadroom, OfANewServerIsNotExhausted) {
  OplogHeadroom at_the_tip;
  at_the_tip.add({.now = 10'000, .oldest = 9'999, .position = 9'999});
  EXPECT_EQ(at_the_tip.seconds(), 0);
  EXPECT_EQ(at_the_tip.exhausted_at(), never);
  OplogHeadroom behind;
  for (double t = 0; t < 100; t += 10)
    behind.add({.now = 10'000 + t, .oldest = 9'000, .position = 9'000, .whole = true});
  EXPECT_EQ(behind.exhausted_at(), never);
  behind.add({.now = 10'100, .oldest = 9'000, .position = 9'000});
  EXPECT_EQ(behind.exhausted_at(), 10'100) << "the next entry that is overwritten may be its own";
  behind.add({.now = 10'110, .oldest = 9'001, .position = 9'000});
  EXPECT_EQ(behind.exhausted_at(), 10'110);
}

TEST(OplogHeadroom, IsNotExhaustedWhileTheOplogHasRoom) {
  OplogHeadroom headroom;
  for (double t = 0; t < 100; t += 10) headroom.add({.now = 10'000 + t, .oldest = 4'000, .position = 9'000});
  EXPECT_EQ(headroom.exhausted_at(), never) << "the reader stands still, but so does the oplog's end";
}

TEST(OplogHeadroom, IsNotExhaustedByAReaderThatCatchesUp) {
  OplogHeadroom headroom;
  for (double t = 0; t < 100; t += 10) {
    headroom.add({.now = 10'000 + t, .oldest = 4'000 + t, .position = 9'000 + 3 * t});
  }
  EXPECT_EQ(headroom.exhausted_at(), never);
}

TEST(OplogHeadroom, IsExhaustedWhenTheOplogRollsFasterThanWeRead) {
  OplogHeadroom headroom;
  for (double t = 0; t <= 100; t += 10) {
    headroom.add({.now = 10'000 + t, .oldest = 4'000 + 3 * t, .position = 5'000 + t});
  }
  // 800 s are left and go at 2 a second.
  EXPECT_EQ(headroom.seconds(), 800);
  EXPECT_EQ(headroom.exhausted_at(), 10'100 + 400);
}

TEST(OplogHeadroom, IsExhaustedWhenWeStandStill) {
  OplogHeadroom headroom;
  for (double t = 0; t <= 100; t += 10) {
    headroom.add({.now = 10'000 + t, .oldest = 4'000 + t, .position = 4'600});
  }
  EXPECT_EQ(headroom.exhausted_at(), 10'600);
}

TEST(OplogHeadroom, IsExhaustedNowWhereThePositionIsGone) {
  OplogHeadroom headroom;
  headroom.add({.now = 10'000, .oldest = 4'000, .position = 3'000});
  EXPECT_EQ(headroom.seconds(), -1'000);
  EXPECT_EQ(headroom.exhausted_at(), 10'000);
}

TEST(OplogHeadroom, GoesByTheRateOfTheLastMinutesOnly) {
  OplogHeadroom headroom;
  for (double t = 0; t <= 300; t += 10) {
    headroom.add({.now = 10'000 + t, .oldest = 4'000 + t, .position = 8'000});
  }
  EXPECT_LT(headroom.exhausted_at(), never);
  for (double t = 310; t <= 700; t += 10) {
    headroom.add({.now = 10'000 + t, .oldest = 4'000 + t, .position = 8'000 + 2 * (t - 300)});
  }
  EXPECT_EQ(headroom.exhausted_at(), never);
}

/// The oplog was made larger, or another server answers.
TEST(OplogHeadroom, StartsAnewWhenTheOldestEntryIsOlderThanBefore) {
  OplogHeadroom headroom;
  for (double t = 0; t <= 100; t += 10) {
    headroom.add({.now = 10'000 + t, .oldest = 4'000 + t, .position = 4'600});
  }
  headroom.add({.now = 10'110, .oldest = 1'000, .position = 4'600});
  EXPECT_EQ(headroom.seconds(), 3'600);
  EXPECT_FALSE(headroom.exhausted_at()) << "the old rate is not that of this oplog";
}

}  // namespace
}  // namespace sluice::flow
