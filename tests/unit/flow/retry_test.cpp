#include "flow/retry.hpp"

#include <gtest/gtest.h>

namespace sluice::flow {
namespace {

using namespace std::chrono_literals;

class RetryUntil : public testing::Test {
 protected:
  /// Fails so often, then succeeds.
  std::function<std::optional<Error>()> failing(int times, ErrorKind kind = ErrorKind::transient) {
    return [this, times, kind]() -> std::optional<Error> {
      if (++attempts_ > times) return std::nullopt;
      return Error{kind, attempts_, "attempt", false};
    };
  }

  RetryOptions options_{.pauses = {1us, 1us}};
  int attempts_ = 0;
};

TEST_F(RetryUntil, TriesAgainUntilAnAttemptSucceeds) {
  EXPECT_FALSE(retry_until(options_, failing(3)));
  EXPECT_EQ(attempts_, 4);
}

TEST_F(RetryUntil, AnErrorThatDoesNotPassEndsItAtOnce) {
  const auto error = retry_until(options_, failing(3, ErrorKind::denied));
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind, ErrorKind::denied);
  EXPECT_EQ(attempts_, 1);
}

TEST_F(RetryUntil, WhenThePatienceIsOverTheLastErrorIsGiven) {
  options_.patience = 0s;
  const auto error = retry_until(options_, failing(3));
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, 1);
}

TEST_F(RetryUntil, PausesAreCounted) {
  options_.most_pauses = 2;
  const auto error = retry_until(options_, failing(100));
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, 3);
}

TEST_F(RetryUntil, ProgressBeginsThePatienceAnew) {
  options_.patience = 1ns;  // less than any pause
  options_.progressed = [this] { return attempts_ < 3; };
  const auto error = retry_until(options_, failing(100));
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, 3);
}

TEST_F(RetryUntil, AStopEndsItAfterTheAttempt) {
  std::stop_source stop;
  stop.request_stop();
  options_.stop = stop.get_token();
  EXPECT_TRUE(retry_until(options_, failing(3)));
  EXPECT_EQ(attempts_, 1);
}

TEST_F(RetryUntil, AStopEndsThePause) {
  std::stop_source stop;
  options_.pauses = {10h, 10h};
  options_.stop = stop.get_token();
  const auto error = retry_until(options_, [&]() -> std::optional<Error> {
    if (++attempts_ > 1) return std::nullopt;
    stop.request_stop();
    return Error{ErrorKind::transient, 0, "attempt", false};
  });
  EXPECT_TRUE(error);
  EXPECT_EQ(attempts_, 1);
}

}  // namespace
}  // namespace sluice::flow
