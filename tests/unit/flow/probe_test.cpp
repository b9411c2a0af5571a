#include "flow/probe.hpp"

#include <gtest/gtest.h>

namespace sluice::flow {
namespace {

using namespace std::chrono_literals;

class ProbeTest : public testing::Test {
 protected:
  Time start_ = Time{} + 1h;
  Probe probe_{2s};
};

TEST_F(ProbeTest, ANewOneIsDownUntilTheServerHasAnswered) {
  EXPECT_FALSE(probe_.up(start_));
  probe_.asked(start_);
  EXPECT_FALSE(probe_.up(start_));
  probe_.answered(true);
  EXPECT_TRUE(probe_.up(start_));
}

TEST_F(ProbeTest, ABadAnswerIsDownUntilTheNextGoodOne) {
  probe_.asked(start_);
  probe_.answered(true);
  probe_.asked(start_ + 1s);
  probe_.answered(false);
  EXPECT_FALSE(probe_.up(start_ + 1s));
  probe_.asked(start_ + 2s);
  EXPECT_FALSE(probe_.up(start_ + 2s));
  probe_.answered(true);
  EXPECT_TRUE(probe_.up(start_ + 2s));
}

TEST_F(ProbeTest, AQuestionMayTakeAWhileButNotForEver) {
  probe_.asked(start_);
  probe_.answered(true);
  probe_.asked(start_ + 1s);
  EXPECT_TRUE(probe_.up(start_ + 3s));
  EXPECT_FALSE(probe_.up(start_ + 3s + 1ms));
  probe_.answered(true);
  EXPECT_TRUE(probe_.up(start_ + 9s));
}

TEST_F(ProbeTest, WhatIsNotAskedDoesNotGrowStale) {
  probe_.asked(start_);
  probe_.answered(true);
  EXPECT_TRUE(probe_.up(start_ + 24h));
}

}  // namespace
}  // namespace sluice::flow
