#include "flow/token_trail.hpp"

#include <gtest/gtest.h>

namespace sluice::flow {
namespace {

using Tokens = std::vector<TokenTrail::Token>;
using Slots = std::vector<TokenTrail::Collections>;

const TokenTrail::Collections both = {"a", "b"};

TEST(TokenTrailTest, TheNewestOfEachCollectionThatIsDone) {
  TokenTrail trail(Slots{{"a"}, {"b"}});
  trail.change("a", "1");
  trail.change("b", "2");
  trail.change("a", "3");
  trail.end_batch();
  trail.change("a", "4");
  trail.end_batch();
  EXPECT_EQ(trail.take(), Tokens{});
  trail.reached("3");
  EXPECT_EQ(trail.take(), (Tokens{{0, "3"}, {1, "2"}}));
  EXPECT_EQ(trail.take(), Tokens{}) << "once";
  trail.reached("5");
  EXPECT_EQ(trail.take(), (Tokens{{0, "4"}}));
}

TEST(TokenTrailTest, NothingBehindWhatIsNotDone) {
  TokenTrail trail(Slots(1, both));
  trail.change("a", "1");
  trail.end_batch();
  trail.change("b", "2");
  trail.end_batch();
  trail.reached("1");
  EXPECT_EQ(trail.take(), (Tokens{{0, "1"}}));
}

TEST(TokenTrailTest, SeveralCollectionsMayShareAPlace) {
  TokenTrail trail(Slots{{"b"}, both});
  trail.change("a", "1");
  trail.end_batch();
  trail.reached("1");
  EXPECT_EQ(trail.take(), (Tokens{{1, "1"}}));
}

TEST(TokenTrailTest, WhatCouldNotBeStoredComesAgainUnlessSomethingNewerIsDone) {
  TokenTrail trail(Slots(1, both));
  trail.change("a", "1");
  trail.end_batch();
  trail.reached("1");
  trail.give_back(trail.take());
  EXPECT_EQ(trail.take(), (Tokens{{0, "1"}}));
  trail.change("a", "2");
  trail.end_batch();
  trail.reached("2");
  trail.give_back({{0, "1"}});
  EXPECT_EQ(trail.take(), (Tokens{{0, "2"}}));
}

}  // namespace
}  // namespace sluice::flow
