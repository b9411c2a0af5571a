#include "flow/group_assignment.hpp"

#include <gtest/gtest.h>

namespace sluice::flow {
namespace {

using Numbers = std::vector<int>;

TEST(GroupAssignment, NothingIsAssignedBeforeTheGroupSaysSo) {
  GroupAssignment group;
  EXPECT_FALSE(group.share().assigned);
  group.failed("no broker");
  EXPECT_FALSE(group.share().assigned);
  EXPECT_EQ(group.share().problem, "no broker");
  group.assigned({});
  EXPECT_EQ(group.share().assigned, Numbers{});
  EXPECT_EQ(group.share().problem, "");
}

TEST(GroupAssignment, EachReportAddsOrTakesAwaySome) {
  GroupAssignment group;
  group.assigned({2, 0});
  group.assigned({1});
  EXPECT_EQ(group.share().assigned, (Numbers{0, 1, 2}));
  group.revoked({0, 2});
  EXPECT_EQ(group.share().assigned, Numbers{1});
  group.assigned({});
  EXPECT_EQ(group.share().assigned, Numbers{1});
}

TEST(GroupAssignment, WhoLosesTheGroupKeepsTheLastAssignmentUntilTheNext) {
  GroupAssignment group;
  group.assigned({0, 1});
  group.lost("the coordinator is away");
  EXPECT_EQ(group.share().assigned, (Numbers{0, 1}));
  EXPECT_TRUE(group.share().lost);
  EXPECT_EQ(group.share().problem, "the coordinator is away");
  group.failed("still away");
  EXPECT_EQ(group.share().problem, "still away");
  group.revoked({0});  // of a membership that is over
  EXPECT_EQ(group.share().assigned, (Numbers{0, 1}));
  group.assigned({3});
  EXPECT_EQ(group.share().assigned, Numbers{3});
  EXPECT_FALSE(group.share().lost);
  EXPECT_EQ(group.share().problem, "");
}

TEST(GroupAssignment, WhatFailsForAMemberIsRepairedWithoutAWord) {
  GroupAssignment group;
  group.assigned({0});
  group.failed("a connection broke");
  EXPECT_EQ(group.share().problem, "");
}

TEST(GroupAssignment, ALossBeforeTheFirstAssignmentAssignsNothing) {
  GroupAssignment group;
  group.lost("refused");
  EXPECT_FALSE(group.share().assigned);
  EXPECT_FALSE(group.share().lost);
  EXPECT_EQ(group.share().problem, "refused");
}

TEST(GroupAssignment, JoiningForgetsTheLastStay) {
  GroupAssignment group;
  group.assigned({0});
  group.joining();
  EXPECT_FALSE(group.share().assigned);
}

}  // namespace
}  // namespace sluice::flow
