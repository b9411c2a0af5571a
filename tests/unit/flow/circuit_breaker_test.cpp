#include "flow/circuit_breaker.hpp"

#include <gtest/gtest.h>

namespace sluice::flow {
namespace {

using namespace std::chrono_literals;
using Way = CircuitBreaker::Leave::Way;
using State = CircuitBreaker::State;

class BreakerTest : public testing::Test {
 protected:
  Time at(Duration time) const { return start_ + time; }
  void fail_now(Duration time) {
    const auto leave = breaker_.ask(at(time));
    ASSERT_EQ(leave.way, Way::go);
    breaker_.failed(leave.round, at(time));
  }
  /// Fails often enough to open it at `time`.
  void open(Duration time) {
    for (int i = 0; i < 3; ++i) fail_now(time);
    ASSERT_EQ(breaker_.state(), State::open);
  }

  Time start_ = Time(1h);
  CircuitBreaker breaker_{{3, 1s, 5s}};
};

TEST_F(BreakerTest, OnlyFailuresInARowOpenIt) {
  for (int i = 0; i < 10; ++i) {
    fail_now(0s);
    fail_now(0s);
    breaker_.succeeded(breaker_.ask(at(0s)).round);
    EXPECT_EQ(breaker_.state(), State::closed);
  }
  open(0s);
  const auto refused = breaker_.ask(at(999ms));
  EXPECT_EQ(refused.way, Way::refused);
  EXPECT_EQ(refused.until, at(1s));
}

TEST_F(BreakerTest, OneAtATimeTriesIt) {
  open(0s);
  const auto probe = breaker_.ask(at(1s));
  EXPECT_EQ(probe.way, Way::go);
  EXPECT_EQ(breaker_.state(), State::half_open);
  EXPECT_EQ(breaker_.ask(at(1s)).way, Way::wait);
  breaker_.succeeded(probe.round);
  EXPECT_EQ(breaker_.state(), State::closed);
  EXPECT_EQ(breaker_.ask(at(1s)).way, Way::go);
  EXPECT_EQ(breaker_.ask(at(1s)).way, Way::go);
}

TEST_F(BreakerTest, EachTryThatFailsDoublesTheWaitUpToItsLimit) {
  open(0s);
  Duration now = 1s;
  for (const Duration wait : {2s, 4s, 5s, 5s}) {
    fail_now(now);
    EXPECT_EQ(breaker_.ask(at(now)).until, at(now + wait));
    now += wait;
  }
  breaker_.succeeded(breaker_.ask(at(now)).round);
  open(now);
  EXPECT_EQ(breaker_.ask(at(now)).until, at(now + 1s)) << "the waits begin anew";
}

/// Requests that were under way when it opened say nothing of the server as it is afterwards.
TEST_F(BreakerTest, OldResultsCountForNothing) {
  const auto old = breaker_.ask(at(0s));
  open(0s);
  breaker_.succeeded(old.round);
  EXPECT_EQ(breaker_.state(), State::open);
  const auto probe = breaker_.ask(at(1s));
  breaker_.failed(old.round, at(1s));
  breaker_.succeeded(old.round);
  EXPECT_EQ(breaker_.state(), State::half_open);
  EXPECT_EQ(breaker_.ask(at(1s)).way, Way::wait);
  breaker_.succeeded(probe.round);
  EXPECT_EQ(breaker_.state(), State::closed);
}

TEST_F(BreakerTest, ATryThatSaysNothingMakesRoomForTheNext) {
  open(0s);
  breaker_.forget(breaker_.ask(at(1s)).round);
  EXPECT_EQ(breaker_.ask(at(1s)).way, Way::go);
}

TEST_F(BreakerTest, AServerThatAsksForTimeIsGivenIt) {
  const auto leave = breaker_.ask(at(0s));
  breaker_.not_before(leave.round, at(7s));
  breaker_.not_before(leave.round, at(3s));
  EXPECT_EQ(breaker_.state(), State::closed);
  EXPECT_EQ(breaker_.ask(at(6s)).way, Way::refused);
  EXPECT_EQ(breaker_.ask(at(6s)).until, at(7s));
  EXPECT_EQ(breaker_.ask(at(7s)).way, Way::go);
}

TEST_F(BreakerTest, TheTryMayBeAskedToWaitAsWell) {
  open(0s);
  breaker_.not_before(breaker_.ask(at(1s)).round, at(10s));
  EXPECT_EQ(breaker_.ask(at(9s)).until, at(10s));
  EXPECT_EQ(breaker_.ask(at(10s)).way, Way::go);
  EXPECT_EQ(breaker_.ask(at(10s)).way, Way::wait);
}

}  // namespace
}  // namespace sluice::flow
