#include "flow/gathering.hpp"

#include <gtest/gtest.h>

namespace sluice::flow {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t large = Gathering::large_batch;

struct GatheringTest : testing::Test {
  /// Whether the batch waits for more events, with so many `ms` after the first call.
  bool waits(std::size_t events, int ms, std::size_t bytes = 1) {
    const auto until = gathering.gathered(events, bytes, begin + milliseconds(ms));
    if (until) last_until = std::chrono::duration_cast<milliseconds>(*until - begin).count();
    return until.has_value();
  }

  const Time begin = Clock::now();
  std::int64_t last_until = 0;
  Gathering gathering{{100, 1000, milliseconds(25)}};
};

TEST_F(GatheringTest, ASingleEventDoesNotWait) {
  for (int ms = 0; ms < 100; ++ms) EXPECT_FALSE(waits(1, ms));
  EXPECT_FALSE(waits(0, 100));
}

TEST_F(GatheringTest, AfterALargeBatchMoreEventsAreAwaitedForTheLingerTime) {
  EXPECT_FALSE(waits(large, 0)) << "the first of them is not known to be one of many";
  EXPECT_TRUE(waits(20, 10));
  EXPECT_EQ(last_until, 35);
  EXPECT_TRUE(waits(40, 20));
  EXPECT_EQ(last_until, 35) << "the time counts from the first event";
  EXPECT_FALSE(waits(60, 35));
  EXPECT_TRUE(waits(20, 40)) << "the next batch";
  EXPECT_EQ(last_until, 65);
}

TEST_F(GatheringTest, AFullBatchDoesNotWait) {
  EXPECT_FALSE(waits(large, 0));
  EXPECT_FALSE(waits(100, 1));
  EXPECT_FALSE(waits(20, 2, 1000));
  EXPECT_TRUE(waits(20, 3, 999));
}

TEST_F(GatheringTest, ASmallBatchEndsTheBusyTime) {
  EXPECT_FALSE(waits(large, 0));
  EXPECT_TRUE(waits(1, 10));
  EXPECT_FALSE(waits(1, 35));
  EXPECT_FALSE(waits(1, 36)) << "the one before was small";
}

TEST_F(GatheringTest, TheBusyTimePassesByItself) {
  EXPECT_FALSE(waits(large, 0));
  EXPECT_FALSE(waits(1, 200));
}

TEST_F(GatheringTest, NothingIsNotWaitedWith) {
  EXPECT_FALSE(waits(large, 0));
  EXPECT_FALSE(waits(0, 10));
  EXPECT_TRUE(waits(1, 20));
  EXPECT_EQ(last_until, 45);
}

TEST_F(GatheringTest, WithoutALingerTimeNothingWaits) {
  Gathering eager({100, 1000, milliseconds(0)});
  EXPECT_FALSE(eager.gathered(large, 1, begin));
  EXPECT_FALSE(eager.gathered(large, 1, begin));
}

}  // namespace
}  // namespace sluice::flow
