#include "flow/stop_reasons.hpp"

#include <gtest/gtest.h>

namespace sluice::flow {
namespace {

using namespace std::chrono_literals;

TEST(StopReasons, TellAReasonAsItComesAndThenOnceAMinute) {
  StopReasons stops;
  const flow::Time start = flow::Clock::now();
  EXPECT_TRUE(stops.tell("the stream cannot be made", start));
  for (int i = 1; i < 60; ++i) EXPECT_FALSE(stops.tell("the stream cannot be made", start + i * 1s)) << i;
  EXPECT_TRUE(stops.tell("the stream cannot be made", start + 60s));
  EXPECT_FALSE(stops.tell("the stream cannot be made", start + 61s));
  EXPECT_TRUE(stops.tell("the rights are missing", start + 62s)) << "another reason";
}

TEST(StopReasons, TellItAnewOfAStreamThatRanMeanwhile) {
  StopReasons stops;
  const flow::Time start = flow::Clock::now();
  EXPECT_TRUE(stops.tell("gone", start));
  stops.forget();
  EXPECT_TRUE(stops.tell("gone", start + 1s));
}

}  // namespace
}  // namespace sluice::flow
