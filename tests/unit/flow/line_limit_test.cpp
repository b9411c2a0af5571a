#include "flow/line_limit.hpp"

#include <gtest/gtest.h>

namespace sluice::flow {
namespace {

using namespace std::chrono_literals;

constexpr Time start{std::chrono::hours(1)};

TEST(LineLimit, LetsSoManyLinesThroughAndCountsTheOthers) {
  LineLimit limit(3, 60s);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(limit.allow(start + i * 1s)) << i;
  for (int i = 3; i < 10; ++i) EXPECT_FALSE(limit.allow(start + i * 1s)) << i;
  EXPECT_EQ(limit.due(start + 59s), 0U);
  EXPECT_EQ(limit.due(start + 60s), 7U);
  EXPECT_EQ(limit.due(start + 61s), 0U);
}

TEST(LineLimit, BeginsAnewWithTheFirstLineAfterAWindow) {
  LineLimit limit(1, 60s);
  EXPECT_TRUE(limit.allow(start));
  EXPECT_FALSE(limit.allow(start + 59s));
  EXPECT_EQ(limit.due(start + 90s), 1U);
  EXPECT_TRUE(limit.allow(start + 90s));
  EXPECT_FALSE(limit.allow(start + 149s));
  EXPECT_EQ(limit.due(start + 149s), 0U);
  EXPECT_TRUE(limit.allow(start + 150s));
}

TEST(LineLimit, SaysNothingWhereNothingWasWithheld) {
  LineLimit limit(2, 60s);
  EXPECT_EQ(limit.due(start), 0U);
  EXPECT_TRUE(limit.allow(start));
  EXPECT_EQ(limit.due(start + 60s), 0U);
  EXPECT_EQ(limit.rest(), 0U);
}

TEST(LineLimit, TellsTheRestAtTheEndOnce) {
  LineLimit limit(1, 60s);
  EXPECT_TRUE(limit.allow(start));
  EXPECT_FALSE(limit.allow(start));
  EXPECT_FALSE(limit.allow(start));
  EXPECT_EQ(limit.rest(), 2U);
  EXPECT_EQ(limit.rest(), 0U);
  EXPECT_EQ(limit.due(start + 60s), 0U);
}

}  // namespace
}  // namespace sluice::flow
