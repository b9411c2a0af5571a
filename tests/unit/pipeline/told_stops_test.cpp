#include "pipeline/told_stops.hpp"

#include <gtest/gtest.h>

namespace sluice::pipeline {
namespace {

using namespace std::chrono_literals;

TEST(ToldStops, TellAReasonAsItComesAndThenOnceAMinute) {
  ToldStops stops;
  const flow::Time start = flow::Clock::now();
  EXPECT_TRUE(stops.tell("the stream cannot be made", start));
  for (int i = 1; i < 60; ++i) EXPECT_FALSE(stops.tell("the stream cannot be made", start + i * 1s)) << i;
  EXPECT_TRUE(stops.tell("the stream cannot be made", start + 60s));
  EXPECT_FALSE(stops.tell("the stream cannot be made", start + 61s));
  EXPECT_TRUE(stops.tell("the rights are missing", start + 62s)) << "another reason";
}

TEST(ToldStops, TellItAnewOfAStreamThatRanMeanwhile) {
  ToldStops stops;
  const flow::Time start = flow::Clock::now();
  EXPECT_TRUE(stops.tell("gone", start));
  stops.forget();
  EXPECT_TRUE(stops.tell("gone", start + 1s));
}

}  // namespace
}  // namespace sluice::pipeline
