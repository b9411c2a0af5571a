#include "flow/lag.hpp"

#include <gtest/gtest.h>

namespace sluice::flow {
namespace {

using namespace std::chrono_literals;

constexpr Time start{};

TEST(Lag, IsNoneWhileNothingIsKnown) {
  Lag lag(1s);
  EXPECT_EQ(lag.seconds(start), 0);
  EXPECT_FALSE(lag.server_now(start));
  lag.reached(1000, std::nullopt);
  EXPECT_EQ(lag.seconds(start), 0) << "a position alone is behind nothing";
}

TEST(Lag, IsTheServersClockLessThePosition) {
  Lag lag(1s);
  lag.cluster_clock(start, 1060);
  lag.reached(1000, std::nullopt);
  EXPECT_DOUBLE_EQ(lag.seconds(start), 60);
  lag.reached(1050, std::nullopt);
  EXPECT_DOUBLE_EQ(lag.seconds(start), 10);
  EXPECT_DOUBLE_EQ(lag.seconds(start + 500ms), 10.5);
}

TEST(Lag, GoesByTheWallClockWhereTheClusterTimeStandsStill) {
  Lag lag(1s);
  lag.wall_clock(start, 1000);
  lag.reached(990, std::nullopt);
  // Nobody writes: each answer tells the same cluster time.
  for (int i = 1; i <= 10; ++i) lag.cluster_clock(start + i * 1s, 995);
  EXPECT_DOUBLE_EQ(lag.seconds(start + 10s), 20);
}

TEST(Lag, GoesByTheClusterTimeWhereItRunsAhead) {
  Lag lag(1s);
  lag.wall_clock(start, 1000);
  lag.cluster_clock(start, 1030);
  lag.reached(1000, std::nullopt);
  EXPECT_DOUBLE_EQ(lag.seconds(start), 30);
}

TEST(Lag, IsZeroWhenEverythingIsRead) {
  Lag lag(1s);
  lag.cluster_clock(start, 1060);
  lag.reached(1000, start);
  EXPECT_EQ(lag.seconds(start), 0);
  EXPECT_EQ(lag.seconds(start + 1s), 0) << "the server may hold its answer for as long";
}

TEST(Lag, GrowsBehindAServerThatFellSilent) {
  Lag lag(1s);
  lag.cluster_clock(start, 1060);
  lag.reached(1060, start);
  EXPECT_DOUBLE_EQ(lag.seconds(start + 5s), 5);
  EXPECT_DOUBLE_EQ(lag.seconds(start + 60s), 60);
  lag.cluster_clock(start + 60s, 1120);
  lag.reached(1120, start + 60s);
  EXPECT_EQ(lag.seconds(start + 60s), 0);
}

TEST(Lag, GrowsBehindASilentServerWithWorkLeft) {
  Lag lag(1s);
  lag.cluster_clock(start, 1060);
  lag.reached(1050, std::nullopt);
  EXPECT_DOUBLE_EQ(lag.seconds(start + 60s), 70);
}

TEST(Lag, IsNeverNegative) {
  Lag lag(1s);
  lag.cluster_clock(start, 1000);
  lag.reached(1001, std::nullopt);
  EXPECT_EQ(lag.seconds(start), 0);
}

}  // namespace
}  // namespace sluice::flow
