#include "flow/turn_pace.hpp"

#include <gtest/gtest.h>

namespace sluice::flow {
namespace {

using std::chrono::milliseconds;

class TurnPaceTest : public testing::Test {
 protected:
  /// The milliseconds from the beginning of the last transaction to that of the next one.
  long long wait() const {
    return std::chrono::duration_cast<milliseconds>(pace_.next(waiting_) - now_).count();
  }

  /// A transaction with so many events, as long after the one before it.
  void transaction(std::size_t events, milliseconds after) {
    now_ += after;
    pace_.begins(events, now_);
  }

  Time now_{std::chrono::hours(1)};
  TurnPace pace_{milliseconds(100)};
  TurnPace::Waiting waiting_;
};

TEST_F(TurnPaceTest, LetsTheNextOneBeginAtOnce) {
  EXPECT_LE(pace_.next({}), now_);
  transaction(1, milliseconds(1));
  EXPECT_EQ(wait(), 0);
  transaction(30, milliseconds(10));  // fast, but few
  EXPECT_EQ(wait(), 0);
  transaction(5000, milliseconds(10'000));  // many, but in a long time
  EXPECT_EQ(wait(), 0);
}

TEST_F(TurnPaceTest, SpacesThemInAStorm) {
  transaction(1, milliseconds(1));
  transaction(100, milliseconds(10));
  EXPECT_EQ(wait(), 100);
  transaction(1000, milliseconds(100));
  EXPECT_EQ(wait(), 100);
  transaction(20, milliseconds(100));
  EXPECT_EQ(wait(), 0) << "the storm is over";
}

TEST_F(TurnPaceTest, SlowsDownWithEachConflictUpToALimit) {
  transaction(1, milliseconds(1));
  for (const long long expected : {25, 50, 100, 200, 400, 400}) {
    pace_.ended(true);
    EXPECT_EQ(wait(), expected);
  }
}

TEST_F(TurnPaceTest, ReturnsToItsUsualPaceWithoutConflicts) {
  transaction(1, milliseconds(1));
  for (int i = 0; i < 5; ++i) pace_.ended(true);
  pace_.ended(false);
  EXPECT_EQ(wait(), 360);
  int successes = 1;
  for (; wait() > 0; ++successes) pace_.ended(false);
  EXPECT_LT(successes, 50);
}

TEST_F(TurnPaceTest, WithoutAStormPaceIsSlowedByConflictsOnly) {
  TurnPace pace(milliseconds(0));
  pace.begins(5000, now_);
  pace.begins(5000, now_ + milliseconds(10));
  EXPECT_EQ(pace.next({}), now_ + milliseconds(10));
}

TEST_F(TurnPaceTest, DoesNotKeepAFullBatchWaitingInAStorm) {
  transaction(1, milliseconds(1));
  transaction(1000, milliseconds(100));
  EXPECT_EQ(pace_.next({.full = true}), now_);
  EXPECT_EQ(wait(), 100);
}

TEST_F(TurnPaceTest, WhileOthersWriteSpacesThemMoreTheFurtherTheyAreBehind) {
  transaction(1, milliseconds(1));
  pace_.ended(true);
  while (wait() > 0) pace_.ended(false);  // the pace after a conflict is shorter than it counts
  waiting_.lateness = std::chrono::hours(1);
  EXPECT_EQ(wait(), 0) << "there is no storm";
  transaction(1000, milliseconds(100));
  for (const auto& [lateness, expected] :
       {std::pair(0, 100), std::pair(200, 100), std::pair(900, 450), std::pair(60'000, 1000)}) {
    waiting_.lateness = milliseconds(lateness);
    EXPECT_EQ(wait(), expected) << lateness;
  }
  waiting_.crowded = true;
  EXPECT_EQ(wait(), 100) << "hardly more could come";
  waiting_.full = true;
  EXPECT_EQ(wait(), 0);
  waiting_ = {.lateness = std::chrono::hours(1)};
  for (int i = 0; i < TurnPace::contended_after_conflict; ++i) pace_.ended(false);
  EXPECT_EQ(wait(), 100) << "nobody else writes any more";
}

TEST_F(TurnPaceTest, HasALimit) {
  pace_ = TurnPace(std::chrono::hours(1));
  transaction(1, milliseconds(1));
  transaction(1000, milliseconds(100));
  EXPECT_EQ(wait(), 400);
}

}  // namespace
}  // namespace sluice::flow
