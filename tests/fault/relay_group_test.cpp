#include <algorithm>
#include <csignal>

#include "support/relay_group.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

class RelayGroupFaults : public RelayGroupTest {
 protected:
  void TearDown() override {
    if (down_) shared_kafka().restart();
  }
  void kill_broker() {
    shared_kafka().kill9();
    down_ = true;
  }
  void restart_broker() {
    shared_kafka().restart();
    down_ = false;
  }
  void join_all(int count) {
    for (int i = 0; i < count; ++i) join(partitions, relayed());
    ASSERT_TRUE(agrees());
    realworld::seed(db(), storm_.sizes);
  }
  void is_exact(StormThread& storm) {
    const auto report = storm.finish();
    EXPECT_EQ(report.failed, 0) << report.first_failure;
    EXPECT_TRUE(exact(partitions)) << "SLUICE_SEED=" << random_seed();
    EXPECT_EQ(state().count("dead_letters"), 0);
  }
  static bool says(const Worker& member, int status, const std::string& text) {
    const auto reply = member.get("/readyz");
    return reply.status == status && reply.body.find(text) != std::string::npos;
  }

 private:
  bool down_ = false;
};

TEST_F(RelayGroupFaults, WhatAKilledMemberHeldGoesToTheOthers) {
  join_all(3);
  StormThread storm(server().patient_uri(), db().database(), storm_);
  for (std::size_t round = 0; round < 2; ++round) {
    ASSERT_TRUE(go_on(200));
    no_member(worker(round));
    worker(round).kill9();
    ASSERT_TRUE(agrees()) << "SLUICE_SEED=" << random_seed();
    ASSERT_TRUE(go_on(200));
    join(partitions, relayed());
    ASSERT_TRUE(agrees()) << "SLUICE_SEED=" << random_seed();
  }
  is_exact(storm);
}

/// Its lease expires, and the group does without it. It comes back to both.
TEST_F(RelayGroupFaults, AMemberThatSleptPastItsSessionJoinsAgain) {
  join_all(2);
  StormThread storm(server().patient_uri(), db().database(), storm_);
  ASSERT_TRUE(go_on(200));
  Worker& sleeper = worker(0);
  sleeper.signal(SIGSTOP);
  no_member(sleeper);
  ASSERT_TRUE(agrees()) << "the other one did not take over";
  ASSERT_TRUE(go_on(200));
  sleeper.signal(SIGCONT);
  members_again({&worker(0), &worker(1)});
  ASSERT_TRUE(agrees()) << sleeper.story();
  ASSERT_TRUE(go_on(200));
  is_exact(storm);
}

/// Also for longer than a session: nobody gives up what he holds.
TEST_F(RelayGroupFaults, WithoutTheBrokerPartitionsStayWhereTheyAre) {
  join_all(2);
  StormThread storm(server().patient_uri(), db().database(), storm_);
  ASSERT_TRUE(go_on(200));
  const auto before = leased();
  kill_broker();
  for (const Worker* member : members()) {
    EXPECT_TRUE(soon(
        [&] {
          return member->get("/readyz").body.find("partitions stay where they are") != std::string::npos;
        },
        1min))
        << member->get("/readyz").body;
  }
  EXPECT_EQ(leased(), before);
  EXPECT_TRUE(evenly_held(partitions));
  restart_broker();
  ASSERT_TRUE(agrees());
  ASSERT_TRUE(go_on(200));
  is_exact(storm);
  for (const Worker* member : members()) {
    EXPECT_TRUE(soon([&] {
      return says(*member, 200, "READY") && !says(*member, 200, "partitions stay where they are");
    })) << member->get("/readyz").body;
  }
}

/// librdkafka reports no loss to a member that has nothing to lose.
TEST_F(RelayGroupFaults, WithoutTheBrokerAMemberThatStandsBySaysSo) {
  join_all(partitions + 1);
  const auto all = members();
  const auto found = std::ranges::find_if(all, [&](const Worker* member) { return held(*member) == 0; });
  ASSERT_NE(found, all.end());
  const Worker& idle = **found;
  const std::string why = "partitions stay where they are: ";
  kill_broker();
  EXPECT_TRUE(soon([&] { return says(idle, 200, why); }, 1min)) << idle.get("/readyz").body;
  restart_broker();
  ASSERT_TRUE(agrees());
  EXPECT_TRUE(soon([&] { return says(idle, 200, "READY") && !says(idle, 200, why); }))
      << idle.get("/readyz").body;
}

TEST_F(RelayGroupFaults, AMemberThatComesWithoutTheBrokerWaitsAndSaysWhy) {
  join_all(1);
  kill_broker();
  Worker& late = start_member(realworld_file(), partitions, relayed());
  const std::string why = "waits until the consumer group " + topic_ + " assigns partitions: ";
  EXPECT_TRUE(soon([&] { return says(late, 503, why); }, 1min)) << late.get("/readyz").body;
  EXPECT_TRUE(late.logs("the consumer group " + topic_ + " does not assign partitions")) << late.story();
  EXPECT_EQ(held(late), 0);
  EXPECT_EQ(held(worker(0)), partitions);
  restart_broker();
  members_again({&worker(0), &late});
  EXPECT_TRUE(agrees()) << late.story();
  EXPECT_TRUE(exact(partitions));
}

/// Nothing waits for an answer that does not come.
TEST_F(RelayGroupFaults, AMemberStopsWithoutTheBroker) {
  join_all(1);
  kill_broker();
  EXPECT_EQ(worker(0).terminate(), 0) << worker(0).story();
}

}  // namespace
}  // namespace sluice::test
