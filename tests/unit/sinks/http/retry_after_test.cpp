#include "sinks/http/retry_after.hpp"

#include <gtest/gtest.h>

namespace sluice::sinks::http {
namespace {

using std::chrono::seconds;

/// 1994-11-06 08:49:37 UTC
constexpr auto now = std::chrono::system_clock::time_point(seconds(784'111'777));

TEST(RetryAfter, IsANumberOfSeconds) {
  EXPECT_EQ(parse_retry_after("0", now), seconds(0));
  EXPECT_EQ(parse_retry_after(" 120 ", now), seconds(120));
  EXPECT_GT(*parse_retry_after("99999999999999999999999", now), seconds(86'400));
}

TEST(RetryAfter, OrADateInAnyFormOfHttp) {
  EXPECT_EQ(parse_retry_after("Sun, 06 Nov 1994 08:50:37 GMT", now), seconds(60));
  EXPECT_EQ(parse_retry_after("Sunday, 06-Nov-94 08:49:47 GMT", now), seconds(10));
  EXPECT_EQ(parse_retry_after("Sun Nov  6 08:49:38 1994", now), seconds(1));
  EXPECT_EQ(parse_retry_after("Sun, 06 Nov 1994 08:00:00 GMT", now), seconds(0)) << "it has passed";
}

TEST(RetryAfter, OrNothing) {
  EXPECT_FALSE(parse_retry_after("", now));
  EXPECT_FALSE(parse_retry_after("  ", now));
  EXPECT_FALSE(parse_retry_after("soon", now));
  EXPECT_FALSE(parse_retry_after("-5", now));
  EXPECT_FALSE(parse_retry_after("1.5", now));
}

}  // namespace
}  // namespace sluice::sinks::http
