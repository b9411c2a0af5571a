#include "flow/relay_lateness.hpp"

#include <gtest/gtest.h>

namespace sluice::flow {
namespace {

using namespace std::chrono_literals;

const Time begin{1000s};

TEST(RelayLateness, IsZeroForWhoeverDoesNotWrite) {
  RelayLateness late;
  EXPECT_EQ(late.behind(begin + 1h), 0);
  late.begin(begin);
  EXPECT_DOUBLE_EQ(late.behind(begin + 7s), 7);
  late.end();
  EXPECT_EQ(late.behind(begin + 7s), 0);
}

TEST(RelayLateness, IsZeroWhileItCatchesUpAgainAndAgain) {
  RelayLateness late;
  late.caught_up(begin);
  EXPECT_EQ(late.behind(begin + 1s), 0);
  EXPECT_DOUBLE_EQ(late.behind(begin + 20s), 20) << "nothing was reported since";
  late.caught_up(begin + 21s);
  EXPECT_EQ(late.behind(begin + 22s), 0);
}

TEST(RelayLateness, GrowsUntilMoreIsInTheLog) {
  RelayLateness late;
  late.reached(begin, 4);
  EXPECT_DOUBLE_EQ(late.behind(begin), 4);
  EXPECT_DOUBLE_EQ(late.behind(begin + 6s), 10);
  late.reached(begin + 6s, 1);
  EXPECT_DOUBLE_EQ(late.behind(begin + 6s), 1);
}

TEST(RelayLateness, IsSlowFromTenSecondsOnAndFineBelowFive) {
  RelayLateness late;
  late.reached(begin, 9);
  EXPECT_FALSE(late.slow(begin));
  EXPECT_TRUE(late.slow(begin + 1s));
  late.reached(begin + 1s, 6);
  EXPECT_TRUE(late.slow(begin + 1s)) << "or it would change all the time";
  late.reached(begin + 1s, 4);
  EXPECT_FALSE(late.slow(begin + 1s));
  late.caught_up(begin + 2s);
  EXPECT_FALSE(late.slow(begin + 3s));
}

}  // namespace
}  // namespace sluice::flow
