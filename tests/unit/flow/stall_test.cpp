#include "flow/stall.hpp"

#include <gtest/gtest.h>

namespace sluice::flow {
namespace {

using namespace std::chrono_literals;

constexpr Time start = Time{} + 1000s;

/// Looks ten times a second from one time to another, as the stream does.
void look(StallWatch& watch, bool waiting, Time from, Time to) {
  for (Time now = from; now <= to; now += 100ms) watch.look(waiting, now);
}

TEST(StallWatch, HasNothingToSayWhereNothingWaits) {
  StallWatch watch(3s);
  look(watch, false, start, start + 60s);
  EXPECT_FALSE(watch.stalled_since(start + 60s));
}

TEST(StallWatch, TellsSinceWhenWorkWaitsInVain) {
  StallWatch watch(3s);
  look(watch, true, start, start + 2900ms);
  EXPECT_FALSE(watch.stalled_since(start + 2900ms));
  look(watch, true, start + 3s, start + 10s);
  EXPECT_EQ(watch.stalled_since(start + 10s), start);
}

TEST(StallWatch, BeginsAnewWithEachProgress) {
  StallWatch watch(3s);
  for (int i = 0; i < 10; ++i) {
    look(watch, true, start + i * 2s, start + i * 2s + 1900ms);
    watch.progressed(start + i * 2s + 1900ms);
    EXPECT_FALSE(watch.stalled_since(start + i * 2s + 1900ms));
  }
}

TEST(StallWatch, EndsWithTheFirstProgress) {
  StallWatch watch(3s);
  look(watch, true, start, start + 10s);
  ASSERT_TRUE(watch.stalled_since(start + 10s));
  watch.progressed(start + 10s);
  EXPECT_FALSE(watch.stalled_since(start + 10s));
  look(watch, true, start + 10s, start + 14s);
  EXPECT_EQ(watch.stalled_since(start + 14s), start + 10s) << "it may stall again";
}

TEST(StallWatch, EndsWhenTheWorkIsGone) {
  StallWatch watch(3s);
  look(watch, true, start, start + 10s);
  watch.look(false, start + 10s);
  EXPECT_FALSE(watch.stalled_since(start + 10s));
  look(watch, true, start + 10s, start + 12s);
  EXPECT_FALSE(watch.stalled_since(start + 12s)) << "new work has its own time";
}

TEST(StallWatch, DoesNotTakeItsOwnSuspensionForAStall) {
  StallWatch watch(3s);
  look(watch, true, start, start + 1s);
  watch.look(true, start + 60s);
  EXPECT_FALSE(watch.stalled_since(start + 60s));
  look(watch, true, start + 60s, start + 63s);
  EXPECT_TRUE(watch.stalled_since(start + 63s));
}

}  // namespace
}  // namespace sluice::flow
