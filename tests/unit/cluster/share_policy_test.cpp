#include "cluster/share_policy.hpp"

#include <gtest/gtest.h>

namespace sluice::cluster {
namespace {

using checkpoint::ClusterRecord;
using checkpoint::MemberRecord;
using checkpoint::PartitionRecord;
using flow::Seated;

MemberRecord member(const std::string& instance, bool hindered = false) {
  MemberRecord record;
  record.instance = instance;
  record.partitions = 2;
  record.live = true;
  record.options_hash = "rules";
  record.hindered = hindered;
  return record;
}

PartitionRecord held_by(const std::string& instance, int index) {
  PartitionRecord record;
  record.id = "p/s/" + std::to_string(index) + "-of-2";
  record.count = 2;
  record.index = index;
  record.holder.instance = instance;
  record.held = true;
  record.options_hash = "rules";
  return record;
}

ClusterRecord cluster_of(std::vector<MemberRecord> members, std::vector<PartitionRecord> held) {
  ClusterRecord record;
  record.layout = 2;
  record.members = std::move(members);
  record.shards = std::move(held);
  return record;
}

const SharePolicy policy({"me", "orders", "rules", 2});

TEST(SharePolicy, AnOnlyMemberTakesEverything) {
  const ClusterRecord cluster = cluster_of({member("me")}, {});
  EXPECT_EQ(policy.members_of(cluster), 1);
  EXPECT_EQ(policy.order_of(cluster, {Seated::no, Seated::no}).take, (std::vector<int>{0, 1}));
}

TEST(SharePolicy, ReadsThroughMembersThatHoldPartitionsAndReadByThemselves) {
  const auto offering = [](const std::string& instance) {
    MemberRecord record = member(instance);
    record.peer = Peer{instance, "127.0.0.1", 7450, "secret", 1};
    return record;
  };
  MemberRecord follows = offering("b");
  follows.follows = "127.0.0.1:7450";
  MemberRecord other_rules = offering("d");
  other_rules.options_hash = "others";
  const ClusterRecord cluster =
      cluster_of({offering("a"), follows, offering("spare"), other_rules, member("e")},
                 {held_by("a", 0), held_by("b", 1), held_by("d", 2), held_by("e", 3)});
  const auto peers = policy.peers_of(cluster);
  ASSERT_EQ(peers.size(), 1U);
  EXPECT_EQ(peers[0].instance, "a");
}

TEST(SharePolicy, MembersThatDivideOtherwiseOrGoByOtherRulesHaveNoShare) {
  MemberRecord divides = member("a");
  divides.partitions = 3;
  MemberRecord other_rules = member("b");
  other_rules.options_hash = "others";
  MemberRecord gone = member("c");
  gone.live = false;
  const ClusterRecord cluster = cluster_of({divides, other_rules, gone, member("me")}, {});
  EXPECT_EQ(policy.members_of(cluster), 1);
  EXPECT_EQ(policy.order_of(cluster, {Seated::no, Seated::no}).take, (std::vector<int>{0, 1}));
}

TEST(SharePolicy, WaitsForWhoeverHoldsAPartitionByOtherRules) {
  EXPECT_EQ(policy.waits_for(cluster_of({member("me")}, {held_by("a", 0)})), "");
  PartitionRecord other = held_by("a", 1);
  other.options_hash = "others";
  EXPECT_NE(policy.waits_for(cluster_of({member("me")}, {other})).find("runs other rules"),
            std::string::npos);
  other.held = false;
  EXPECT_EQ(policy.waits_for(cluster_of({member("me")}, {other})), "");
}

TEST(SharePolicy, WaitsForWhoeverHoldsAPartOfAnotherDivision) {
  ClusterRecord cluster = cluster_of({member("me")}, {held_by("a", 0)});
  cluster.layout = 4;
  EXPECT_NE(policy.waits_for(cluster).find("divided into 4 parts"), std::string::npos);
}

TEST(SharePolicy, OneThatIsHinderedGivesEverythingToThoseThatAreNot) {
  const ClusterRecord cluster =
      cluster_of({member("me", true), member("other")}, {held_by("me", 0), held_by("me", 1)});
  const flow::ShareOrder order = policy.order_of(cluster, {Seated::yes, Seated::yes});
  EXPECT_EQ(order.give, (std::vector<int>{0, 1}));
  EXPECT_TRUE(order.take.empty());
}

TEST(SharePolicy, WhereAllAreHinderedNothingMoves) {
  const ClusterRecord cluster =
      cluster_of({member("me", true), member("other", true)}, {held_by("me", 0), held_by("other", 1)});
  const flow::ShareOrder order = policy.order_of(cluster, {Seated::yes, Seated::no});
  EXPECT_TRUE(order.give.empty());
  EXPECT_TRUE(order.take.empty());
}

}  // namespace
}  // namespace sluice::cluster
