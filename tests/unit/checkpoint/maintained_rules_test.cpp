#include "checkpoint/maintained_rules.hpp"

#include <gtest/gtest.h>

namespace sluice::checkpoint {
namespace {

using Remembered = std::optional<std::vector<MaintainedRule>>;

const MaintainedId likes{"likes", "1"};

RuleKnown known(const Remembered& remembered, bool same_rules = true, bool position_dropped = false) {
  return how_known(likes, {remembered, same_rules, position_dropped});
}

TEST(MaintainedRules, ANewRuleIsOneThatNothingIsRememberedOf) {
  EXPECT_EQ(known(Remembered(std::in_place)), RuleKnown::no);
  EXPECT_EQ(known(Remembered({{"tags", "2", true, 7}})), RuleKnown::no);
  EXPECT_EQ(known(Remembered({{"likes", "1", true, 7}})), RuleKnown::yes);
  EXPECT_EQ(known(Remembered({{"likes", "1", false, 7}})), RuleKnown::yes) << "it is judged once";
}

TEST(MaintainedRules, ARuleIsKnownByWhatItKeepsAndNotByItsName) {
  EXPECT_EQ(known(Remembered({{"renamed", "1", true, 7}})), RuleKnown::yes);
  EXPECT_EQ(known(Remembered({{"likes", "2", true, 7}})), RuleKnown::after_another);
}

TEST(MaintainedRules, WhatAnEarlierVersionRanIsTakenToBeComplete) {
  EXPECT_EQ(known(std::nullopt, true), RuleKnown::assumed);
  EXPECT_EQ(known(std::nullopt, false), RuleKnown::no);
}

TEST(MaintainedRules, ADroppedPositionMakesAllOfThemNew) {
  EXPECT_EQ(known(Remembered({{"likes", "1", true, 7}}), true, true), RuleKnown::after_another);
  EXPECT_EQ(known(std::nullopt, true, true), RuleKnown::after_another);
}

TEST(MaintainedRules, ThoseAreNotBackfilledThatAreRememberedAsSuch) {
  const std::vector<MaintainedId> rules = {likes, {"tags", "2"}, {"copies", "3"}};
  EXPECT_EQ(not_backfilled(rules, Remembered({{"old-name", "1", false, 7}, {"tags", "2", true, 7}})),
            std::vector<std::string>{"likes"});
  EXPECT_TRUE(not_backfilled(rules, std::nullopt).empty());
}

TEST(MaintainedRules, AreSaidWithTheCommandThatMendsThem) {
  EXPECT_EQ(not_backfilled_text({"likes"}, "w.yaml"),
            "rule likes is not backfilled: its targets lack what its source collections held when it began. "
            "To repair this while workers run: sluice verify w.yaml --repair --rule likes");
  EXPECT_EQ(
      not_backfilled_text({"likes", "tags"}, "w.yaml"),
      "rules likes, tags are not backfilled: their targets lack what their source collections held when "
      "they began. To repair this while workers run: sluice verify w.yaml --repair");
}

}  // namespace
}  // namespace sluice::checkpoint
