#include "flow/repetition.hpp"

#include <gtest/gtest.h>

namespace sluice::flow {
namespace {

using namespace std::chrono_literals;
using Say = Repetition::Say;

class RepetitionTest : public testing::Test {
 protected:
  static Time at(Duration time) { return Time{} + 1000h + time; }
  Repetition::Told fail(Duration time, std::string_view text = "refused") {
    return place_.failed(at(time), text);
  }
  Repetition::Told work(Duration time) { return place_.succeeded(at(time)); }
  Repetition::Told due(Duration time) { return place_.due(at(time)); }
  static void expect(const Repetition::Told& told, Say say, std::uint64_t tries, Duration time) {
    EXPECT_EQ(told.say, say);
    EXPECT_EQ(told.tries, tries);
    EXPECT_EQ(told.time, time);
  }

  Repetition place_{{60s, 2}};
};

TEST_F(RepetitionTest, WhatWorksIsNotToldOf) {
  EXPECT_EQ(work(0s).say, Say::nothing);
  EXPECT_EQ(due(0s).say, Say::nothing);
  EXPECT_EQ(due(1h).say, Say::nothing);
  EXPECT_FALSE(place_.failing());
}

TEST_F(RepetitionTest, AnOutageIsALineASummaryEachMinuteAndALine) {
  const auto first = fail(0s);
  EXPECT_EQ(first.say, Say::began);
  EXPECT_EQ(first.tries, 1U);
  EXPECT_TRUE(place_.failing());
  for (int i = 1; i < 60; ++i) {
    EXPECT_EQ(fail(i * 1s).say, Say::nothing) << i;
    EXPECT_EQ(due(i * 1s).say, Say::nothing) << i;
  }
  expect(due(60s), Say::still, 59U, 60s);
  EXPECT_EQ(due(61s).say, Say::nothing);
  EXPECT_EQ(fail(70s).say, Say::nothing);
  expect(work(75s), Say::over, 61U, 75s);
  EXPECT_FALSE(place_.failing());
  EXPECT_EQ(work(76s).say, Say::nothing);
  EXPECT_EQ(due(10min).say, Say::nothing) << "the last line has told of everything";
}

TEST_F(RepetitionTest, ASummaryComesWithAFailureWhereNobodyAsksForIt) {
  fail(0s);
  fail(1s);
  expect(fail(61s), Say::still, 2U, 61s);
}

TEST_F(RepetitionTest, ALongSilenceIsNoSummary) {
  fail(0s);
  EXPECT_EQ(due(2min).say, Say::nothing) << "nothing was tried since the line";
  EXPECT_EQ(fail(10min).say, Say::nothing) << "it is known";
  EXPECT_EQ(due(11min).say, Say::still);
}

TEST_F(RepetitionTest, AnotherErrorIsTold) {
  fail(0s, "refused");
  EXPECT_EQ(fail(1s, "wrong password").say, Say::began);
  EXPECT_EQ(fail(2s, "refused").say, Say::nothing);
  EXPECT_EQ(fail(3s, "wrong password").say, Say::nothing);
  EXPECT_EQ(fail(4s, "loading").say, Say::nothing) << "two lines in a minute are enough";
  EXPECT_EQ(due(60s).tries, 3U);
}

TEST_F(RepetitionTest, DigitsMakeNoOtherError) {
  fail(0s, "tried for 1 s");
  EXPECT_EQ(fail(1s, "tried for 17 s").say, Say::nothing);
}

TEST_F(RepetitionTest, WhatComesAndGoesIsToldOfTwiceAndThenSummedUp) {
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(fail(i * 2s).say, Say::began);
    EXPECT_EQ(work(i * 2s + 1s).say, Say::over);
  }
  for (int i = 2; i < 20; ++i) {
    EXPECT_EQ(fail(i * 2s).say, Say::nothing);
    EXPECT_EQ(work(i * 2s + 1s).say, Say::nothing);
  }
  const auto sometimes = due(60s);
  EXPECT_EQ(sometimes.say, Say::sometimes);
  EXPECT_EQ(sometimes.tries, 18U);
  EXPECT_EQ(fail(61s).say, Say::began) << "another minute";
}

TEST_F(RepetitionTest, WhatWasToldOfByASummaryIsToldWhenItIsOver) {
  for (int i = 0; i < 2; ++i) {
    fail(i * 1s);
    work(i * 1s);
  }
  EXPECT_EQ(fail(10s).say, Say::nothing);
  EXPECT_EQ(due(60s).say, Say::still);
  expect(work(62s), Say::over, 1U, 52s);
}

TEST_F(RepetitionTest, TheRestIsToldWithoutWaiting) {
  fail(0s);
  EXPECT_EQ(place_.rest(at(1s)).say, Say::nothing);
  fail(2s);
  const auto rest = place_.rest(at(3s));
  EXPECT_EQ(rest.say, Say::still);
  EXPECT_EQ(rest.tries, 1U);
}

TEST_F(RepetitionTest, TheLinesOfAWindowAreBounded) {
  for (const auto each : {1ms, 70ms, 333ms}) {
    Repetition place({60s, 2});
    std::size_t lines = 0;
    const auto count = [&](const Repetition::Told& told) { lines += told.say == Say::nothing ? 0 : 1; };
    int text = 0;
    for (Duration time{}; time < 10min; time += each) {
      count(place.failed(at(time), std::string(++text % 50, 'x')));
      if (text % 3 == 0) count(place.succeeded(at(time)));
      count(place.due(at(time)));
    }
    EXPECT_LE(lines, 10U * (2 * 2 + 2)) << "tried each " << each.count() << " ms";
  }
}

}  // namespace
}  // namespace sluice::flow
