#include "cluster/group_membership.hpp"

#include <gtest/gtest.h>
#include <spdlog/logger.h>

namespace sluice::cluster {
namespace {

using checkpoint::ClusterRecord;
using checkpoint::MemberRecord;
using flow::Seated;
using Numbers = std::vector<int>;

struct GroupState {
  bool member = false;
  RelayShare share;
};

/// A group that assigns what the test says.
class ScriptedGroup : public RelayGroup {
 public:
  explicit ScriptedGroup(GroupState& state) : state_(state) {}
  const std::string& name() const override { return name_; }
  void join() override { state_.member = true; }
  void leave() override { state_.member = false; }
  RelayShare share() const override { return state_.share; }
  void close() override { state_.member = false; }

 private:
  GroupState& state_;
  const std::string name_ = "g";
};

class GroupMembershipTest : public testing::Test {
 protected:
  static ClusterRecord cluster(bool hindered = false, bool other_hindered = false) {
    ClusterRecord record;
    record.layout = 3;
    for (const auto& [name, is_hindered] : {std::pair("me", hindered), std::pair("other", other_hindered)}) {
      MemberRecord member;
      member.instance = name;
      member.partitions = 3;
      member.live = true;
      member.options_hash = "rules";
      member.hindered = is_hindered;
      record.members.push_back(member);
    }
    return record;
  }
  static ClusterRecord held(ClusterRecord record, int index, const std::string& holder) {
    checkpoint::PartitionRecord shard;
    shard.count = 3;
    shard.index = index;
    shard.holder.instance = holder;
    shard.held = true;
    shard.options_hash = "rules";
    record.shards.push_back(shard);
    return record;
  }

  GroupState state_;
  spdlog::logger logger_{"none"};
  const std::string condition_ = "cluster of s";
  const observe::StreamLog log_{logger_, condition_, "s"};
  observe::Readiness readiness_;
  const SharePolicy policy_{{"me", "s", "rules", 3}};
  GroupMembership group_{std::make_unique<ScriptedGroup>(state_), {policy_, log_, readiness_, condition_}};
  const std::vector<Seated> nothing_ = std::vector<Seated>(3, Seated::no);
};

TEST_F(GroupMembershipTest, NothingIsDecidedBeforeTheGroupHasAssigned) {
  EXPECT_FALSE(group_.order_of(cluster(), false, nothing_));
  EXPECT_TRUE(state_.member);
  EXPECT_EQ(group_.waits_for(), "waits until the consumer group g assigns partitions");
  state_.share.problem = "no broker";
  EXPECT_FALSE(group_.order_of(cluster(), false, nothing_));
  EXPECT_EQ(group_.waits_for(), "waits until the consumer group g assigns partitions: no broker");
  state_.share = {Numbers{}, false, ""};
  EXPECT_TRUE(group_.order_of(cluster(), false, nothing_));
  EXPECT_EQ(group_.waits_for(), "");
}

TEST_F(GroupMembershipTest, TakesWhatIsAssignedOnceItIsFree) {
  state_.share.assigned = Numbers{0, 2};
  const auto order = group_.order_of(held(cluster(), 2, "other"), false, nothing_);
  EXPECT_EQ(order->take, Numbers{0});
  EXPECT_EQ(order->give, Numbers{});
}

TEST_F(GroupMembershipTest, GivesWhatTheGroupTookAway) {
  state_.share.assigned = Numbers{1};
  const auto order = group_.order_of(held(held(cluster(), 0, "me"), 1, "me"), false,
                                     {Seated::yes, Seated::yes, Seated::leaving});
  EXPECT_EQ(order->take, Numbers{});
  EXPECT_EQ(order->give, Numbers{0});
}

TEST_F(GroupMembershipTest, KeepsEverythingWhileTheGroupIsAway) {
  state_.share = {Numbers{0, 1}, true, "no broker"};
  const auto order = group_.order_of(held(cluster(), 0, "me"), false, {Seated::yes, Seated::no, Seated::no});
  EXPECT_EQ(order->give, Numbers{});
  EXPECT_EQ(order->take, Numbers{1});  // its lease was lost for a moment
  EXPECT_NE(readiness_.json().find("partitions stay where they are: no broker"), std::string::npos);
  state_.share = {Numbers{1}, false, ""};
  EXPECT_EQ(group_.order_of(held(cluster(), 0, "me"), false, {Seated::yes, Seated::yes, Seated::no})->give,
            Numbers{0});
  EXPECT_EQ(readiness_.json().find("stay where they are"), std::string::npos);
}

TEST_F(GroupMembershipTest, GivesAPartitionThatSomebodyElseHolds) {
  state_.share.assigned = Numbers{0};
  const auto order =
      group_.order_of(held(cluster(), 0, "other"), false, {Seated::yes, Seated::no, Seated::no});
  EXPECT_EQ(order->give, Numbers{0});
  EXPECT_EQ(order->take, Numbers{});
}

TEST_F(GroupMembershipTest, WhoMustWaitLeavesTheGroupAndDecidesNothing) {
  group_.order_of(cluster(), false, nothing_);
  EXPECT_FALSE(group_.order_of(cluster(), true, {Seated::yes, Seated::no, Seated::no}));
  EXPECT_FALSE(state_.member);
  EXPECT_EQ(group_.waits_for(), "");
}

TEST_F(GroupMembershipTest, WhoIsHinderedLeavesTheGroupWhileAnotherIsNot) {
  state_.share.assigned = Numbers{0};
  const std::vector<Seated> here = {Seated::yes, Seated::no, Seated::no};
  EXPECT_EQ(group_.order_of(cluster(true), false, here)->give, Numbers{0});
  EXPECT_FALSE(state_.member);
  EXPECT_EQ(group_.order_of(cluster(true, true), false, here)->give, Numbers{});
  EXPECT_TRUE(state_.member);
}

TEST_F(GroupMembershipTest, PartitionsThatTheClusterDoesNotHaveAreIgnored) {
  state_.share.assigned = Numbers{2, 3, 4};
  EXPECT_EQ(group_.order_of(cluster(), false, nothing_)->take, Numbers{2});
}

}  // namespace
}  // namespace sluice::cluster
