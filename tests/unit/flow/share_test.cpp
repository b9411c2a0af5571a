#include "flow/share.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "unit/bson/seed.hpp"

namespace sluice::flow {
namespace {

using Numbers = std::vector<int>;

/// What `self` is told to do; it runs what it holds.
ShareOrder order_for(const std::string& self, const std::vector<std::string>& members,
                     const std::vector<std::string>& holders) {
  ShareView view{self, members, holders, {}};
  for (const auto& holder : holders) view.here.push_back(holder == self ? Seated::yes : Seated::no);
  return share(view);
}

TEST(Share, TheOnlyMemberTakesEverything) {
  const auto order = order_for("a", {"a"}, {"", "", ""});
  EXPECT_EQ(order.take, (Numbers{0, 1, 2}));
  EXPECT_EQ(order.give, Numbers{});
}

TEST(Share, OfOnePartitionOneMemberIsTheLeaderAndTheOthersStandBy) {
  EXPECT_EQ(order_for("a", {"a", "b"}, {""}).take, Numbers{0});
  EXPECT_EQ(order_for("b", {"a", "b"}, {""}).take, Numbers{});
  EXPECT_EQ(order_for("a", {"a", "b"}, {"b"}).take, Numbers{});
  EXPECT_EQ(order_for("b", {"a", "b"}, {"b"}).give, Numbers{});
}

TEST(Share, MembersThatStartTogetherAreAfterDifferentPartitions) {
  std::set<int> taken;
  for (const char* self : {"a", "b", "c"}) {
    const auto order = order_for(self, {"a", "b", "c"}, std::vector<std::string>(8));
    EXPECT_GE(order.take.size(), 2u);
    EXPECT_LE(order.take.size(), 3u);
    for (const int partition : order.take) EXPECT_TRUE(taken.insert(partition).second) << partition;
  }
  EXPECT_EQ(taken.size(), 8u);
}

TEST(Share, WhoHasTooMuchGivesTheSurplusAndNobodyTakesWhatIsHeld) {
  const std::vector<std::string> holders = {"a", "a", "a", "a"};
  EXPECT_EQ(order_for("a", {"a", "b"}, holders).give, (Numbers{3, 2}));
  const auto other = order_for("b", {"a", "b"}, holders);
  EXPECT_EQ(other.take, Numbers{});
  EXPECT_EQ(other.give, Numbers{});
}

TEST(Share, WhatDoesNotComeOutEvenStaysWhereItIs) {
  const std::vector<std::string> holders = {"b", "a", "b", "b", "a"};
  for (const char* self : {"a", "b"}) {
    const auto order = order_for(self, {"a", "b"}, holders);
    EXPECT_EQ(order.take, Numbers{}) << self;
    EXPECT_EQ(order.give, Numbers{}) << self;
  }
}

TEST(Share, WhatAMemberThatIsGoneHeldIsTakenByThoseWhoHaveLess) {
  // c held 2 and 5; a has two already.
  const std::vector<std::string> holders = {"a", "b", "", "a", "", "b"};
  EXPECT_EQ(order_for("a", {"a", "b"}, holders).take, Numbers{2});
  EXPECT_EQ(order_for("b", {"a", "b"}, holders).take, Numbers{4});
}

TEST(Share, WhatAnOutsiderHoldsIsLeftToIt) {
  const std::vector<std::string> holders = {"z", "a", "", "z"};
  EXPECT_EQ(order_for("a", {"a"}, holders).take, Numbers{2});
  EXPECT_EQ(order_for("a", {"a"}, holders).give, Numbers{});
}

TEST(Share, TheLoserOfARaceStopsTryingAndKeepsTheRest) {
  ShareView view{"a", {"a", "b"}, {"a", "b", "", "b"}, {}};
  view.here = {Seated::yes, Seated::yes, Seated::yes, Seated::no};
  const auto order = share(view);
  EXPECT_EQ(order.give, Numbers{1});
  EXPECT_EQ(order.take, Numbers{});
}

TEST(Share, WhatIsBeingGivenUpIsNotCountedTwice) {
  ShareView view{"a", {"a", "b"}, {"a", "a", "a", "a"}, {}};
  view.here = {Seated::yes, Seated::yes, Seated::leaving, Seated::leaving};
  const auto order = share(view);
  EXPECT_EQ(order.give, Numbers{});
  EXPECT_EQ(order.take, Numbers{});
}

TEST(Share, ALeaseOfOursThatNothingRunsUnderIsTakenUpAgain) {
  ShareView view{"a", {"a", "b"}, {"a", "b"}, {Seated::no, Seated::no}};
  EXPECT_EQ(share(view).take, Numbers{0});
}

TEST(Share, AMemberWhoseHeartbeatIsOverTakesNothingAndGivesWhatOthersHold) {
  ShareView view{"a", {"b"}, {"a", "b", "", "b"}, {}};
  view.here = {Seated::yes, Seated::yes, Seated::no, Seated::no};
  const auto order = share(view);
  EXPECT_EQ(order.take, Numbers{});
  EXPECT_EQ(order.give, Numbers{1});
}

/// Members that come, go and die, each deciding by views of its own that may be old. Leases are as the state
/// database grants them: to one holder at a time.
class Cluster {
 public:
  Cluster(std::uint64_t seed, int partitions)
      : random_(seed), holders_(static_cast<std::size_t>(partitions)), partitions_(partitions) {}

  /// Names come in any order, for ties are broken by them.
  void join() { members_[std::to_string(random_() % 1000) + "-" + std::to_string(++next_)] = {}; }

  void churn() {
    switch (below(12)) {
      case 0:
        if (members_.size() < 7) join();
        break;
      case 1:
        if (members_.size() > 1) remove(below(static_cast<int>(members_.size())));
        break;
      default:
        step();
    }
  }

  /// One member looks, or acts on what it saw last, or ends what it gives up.
  void step() {
    auto at = std::next(members_.begin(), below(static_cast<int>(members_.size())));
    auto& [name, member] = *at;
    switch (below(3)) {
      case 0:
        look(name, member);
        break;
      case 1:
        act(name, member);
        break;
      default:
        finish(name, member);
    }
  }

  /// Everybody looks and acts in turn, until nothing changes any more.
  void settle() {
    for (int round = 0; round < 100; ++round) {
      for (auto& [name, member] : members_) {
        look(name, member);
        act(name, member);
        finish(name, member);
      }
    }
  }

  void expect_even() const {
    std::map<std::string, int> held;
    for (const auto& holder : holders_) {
      ASSERT_TRUE(members_.contains(holder)) << "a partition is held by '" << holder << "'";
      ++held[holder];
    }
    const int members = static_cast<int>(members_.size());
    for (const auto& [name, member] : members_) {
      EXPECT_GE(held[name], partitions_ / members) << name;
      EXPECT_LE(held[name], (partitions_ + members - 1) / members) << name;
    }
  }

  int moves() const { return moves_; }
  std::size_t members() const { return members_.size(); }

 private:
  struct Member {
    std::vector<std::string> seen_members;
    std::vector<std::string> seen_holders;
    std::map<int, bool> running;  ///< partition: whether it is leaving
  };

  int below(int limit) { return std::uniform_int_distribution<int>(0, limit - 1)(random_); }
  std::string& holder(int partition) { return holders_[static_cast<std::size_t>(partition)]; }

  void look(const std::string& name, Member& member) {
    member.seen_members.clear();
    for (const auto& [other, unused] : members_) member.seen_members.push_back(other);
    member.seen_holders = holders_;
    // A stream that waits for a lease gets it when it is free; one whose lease is gone ends.
    for (auto& [partition, leaving] : member.running) {
      if (!leaving && holder(partition).empty()) grant(partition, name);
    }
  }

  void act(const std::string& name, Member& member) {
    if (member.seen_holders.empty()) return;
    ShareView view{name, member.seen_members, member.seen_holders, {}};
    for (int i = 0; i < partitions_; ++i) {
      const auto found = member.running.find(i);
      view.here.push_back(found == member.running.end() ? Seated::no
                          : found->second               ? Seated::leaving
                                                        : Seated::yes);
    }
    const ShareOrder order = share(view);
    for (const int partition : order.give) {
      ASSERT_EQ(view.here[static_cast<std::size_t>(partition)], Seated::yes);
      member.running[partition] = true;
    }
    for (const int partition : order.take) {
      ASSERT_EQ(view.here[static_cast<std::size_t>(partition)], Seated::no);
      const std::string& seen = view.holders[static_cast<std::size_t>(partition)];
      ASSERT_TRUE(seen.empty() || seen == name) << "took what " << seen << " was seen to hold";
      member.running[partition] = false;
      if (holder(partition).empty() || holder(partition) == name) grant(partition, name);
    }
  }

  void finish(const std::string& name, Member& member) {
    std::erase_if(member.running, [&](const auto& one) {
      if (one.second && holder(one.first) == name) holder(one.first).clear();
      return one.second;
    });
  }

  void grant(int partition, const std::string& name) {
    if (holder(partition) != name) ++moves_;
    holder(partition) = name;
  }

  /// It dies, or leaves: either way its leases are free after a while.
  void remove(int index) {
    const auto at = std::next(members_.begin(), index);
    for (auto& holder : holders_) {
      if (holder == at->first) holder.clear();
    }
    members_.erase(at);
  }

  std::mt19937_64 random_;
  std::map<std::string, Member> members_;
  std::vector<std::string> holders_;
  int partitions_;
  int next_ = 0;
  int moves_ = 0;
};

TEST(ShareProperty, HoweverMembersComeAndGoItComesOutEvenAndStaysSo) {
  const std::uint64_t seed = test::seed();
  SCOPED_TRACE(test::seed_line(seed));
  std::mt19937_64 random(seed);
  for (int run = 0; run < 60 && !testing::Test::HasFailure(); ++run) {
    const int partitions = static_cast<int>(1 + random() % 20);
    Cluster cluster(random(), partitions);
    cluster.join();
    for (int i = 0; i < 400; ++i) cluster.churn();
    cluster.settle();
    cluster.expect_even();
    const int moves = cluster.moves();
    cluster.settle();
    EXPECT_EQ(cluster.moves(), moves) << "partitions move although nobody came or went";
    cluster.join();
    cluster.settle();
    cluster.expect_even();
    const int share_of_one = partitions / static_cast<int>(cluster.members());
    EXPECT_EQ(cluster.moves() - moves, share_of_one) << "more moved than the new member's share";
  }
}

}  // namespace
}  // namespace sluice::flow
