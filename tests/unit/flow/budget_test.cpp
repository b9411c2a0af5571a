#include "flow/budget.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace sluice::flow {
namespace {

void read(Budget& budget, std::int64_t events, std::int64_t bytes) {
  budget.add(events, bytes);
  budget.dispatched(0);
}

TEST(Budget, IsSpentInEvents) {
  Budget budget(10, 1000);
  EXPECT_TRUE(budget.has_room());
  read(budget, 9, 1);
  EXPECT_TRUE(budget.has_room());
  read(budget, 1, 0);
  EXPECT_FALSE(budget.has_room());
  budget.release(5, 0);
  EXPECT_TRUE(budget.has_room());
  EXPECT_EQ(budget.events(), 5);
}

TEST(Budget, IsNearlySpentAtThreeQuartersOfTheEventsOrWithoutRoomForBytes) {
  Budget budget(100, 1000);
  read(budget, 74, 1);
  EXPECT_FALSE(budget.is_nearly_spent());
  budget.add(0, 0);
  budget.add(0, 0);
  EXPECT_FALSE(budget.has_room());
  EXPECT_FALSE(budget.is_nearly_spent()) << "answers that wait for the strand need no room";
  read(budget, 1, 0);
  EXPECT_TRUE(budget.is_nearly_spent());
  budget.release(75, 1);
  EXPECT_FALSE(budget.is_nearly_spent());
  read(budget, 1, 900);
  EXPECT_TRUE(budget.is_nearly_spent());
}

TEST(Budget, ReadsOnlyWhatWillFitBesideWhatMayBeSent) {
  Budget budget(1000, 1000);
  EXPECT_EQ(budget.most_sending(), 250);
  read(budget, 1, 250);
  read(budget, 1, 250);
  EXPECT_TRUE(budget.has_room()) << "another 250 make 750";
  read(budget, 1, 250);
  EXPECT_FALSE(budget.has_room());
  budget.release(1, 250);
  EXPECT_TRUE(budget.has_room());
  read(budget, 1, 10);
  EXPECT_TRUE(budget.has_room()) << "the last answer was a small one";
  EXPECT_EQ(budget.peak_bytes(), 750);
}

TEST(Budget, WhatIsBeingSentDoesNotKeepTheReaderFromItsShare) {
  Budget budget(1000, 1000);
  read(budget, 1, 300);
  budget.add_sending(250);
  EXPECT_TRUE(budget.has_room());
  EXPECT_EQ(budget.bytes(), 550);
  budget.release_sending(250);
  EXPECT_EQ(budget.bytes(), 300);
}

TEST(Budget, CountsWhatRulesMakeOfAnAnswer) {
  Budget budget(1000, 1000);
  budget.add(1, 100);
  budget.dispatched(600);
  EXPECT_FALSE(budget.has_room());
  EXPECT_EQ(budget.bytes(), 700);
  budget.release(1, 700);
  EXPECT_TRUE(budget.has_room());
}

TEST(Budget, ExpectsThatRulesMakeAsMuchOfTheNextAnswer) {
  Budget budget(1000, 1000);
  budget.dispatched(200, 100, budget.add(1, 100));
  EXPECT_TRUE(budget.has_room()) << "another 300 make 600";
  const std::int64_t expected = budget.add(1, 100);
  EXPECT_EQ(expected, 200);
  EXPECT_EQ(budget.bytes(), 400) << "what is expected is not in memory yet";
  EXPECT_FALSE(budget.has_room()) << "this one will grow to 300, and the next";
  budget.dispatched(200, 100, expected);
  EXPECT_FALSE(budget.has_room()) << "another 300 make 900";
  budget.release(1, 300);
  EXPECT_TRUE(budget.has_room());
}

TEST(Budget, OneAnswerMayBeUndispatchedWhileTheNextIsRead) {
  Budget budget(1000, 1000);
  budget.add(1, 1);
  EXPECT_TRUE(budget.has_room());
  budget.add(1, 1);
  EXPECT_FALSE(budget.has_room()) << "what becomes of two answers is not known";
  budget.dispatched(0);
  EXPECT_TRUE(budget.has_room());
}

TEST(Budget, LetsAnAnswerGoOverWhereNothingElseIsInFlight) {
  Budget budget(10, 1000);
  read(budget, 1, 100000);
  EXPECT_FALSE(budget.has_room());
  budget.release(1, 100000);
  budget.wait_for_room();
  EXPECT_TRUE(budget.has_room());
}

TEST(Budget, LetsTheReaderGoWhenItIsClosed) {
  Budget budget(1, 1);
  read(budget, 1, 1);
  std::atomic<int> came_back = 0;
  std::thread reader([&] {
    budget.wait_for_room();
    ++came_back;
  });
  budget.close();
  reader.join();
  budget.wait_for_room();
  EXPECT_EQ(came_back, 1);
  EXPECT_FALSE(budget.has_room());  // it was let go all the same
  EXPECT_EQ(budget.events(), 1);
}

TEST(Budget, WakesTheReaderThatWaits) {
  Budget budget(1, 1);
  read(budget, 2, 2);
  std::thread reader([&] { budget.wait_for_room(); });
  budget.release(1, 1);
  budget.release(1, 1);
  reader.join();
  EXPECT_TRUE(budget.has_room());
}

// A reader and a strand hand the same events on and on: the reader never finds itself asleep with room, and
// never has more under way than the limit and one batch.
TEST(Budget, KeepsItsBoundBetweenTwoThreads) {
  constexpr int batches = 20000;
  constexpr std::int64_t limit = 30;
  constexpr std::int64_t batch = 7;
  Budget budget(limit, 1 << 20);
  std::atomic<int> added{0};
  std::atomic<bool> too_much{false};
  std::thread strand([&] {
    for (int done = 0; done < batches; ++done) {
      for (int seen = added; seen <= done; seen = added) added.wait(seen);
      budget.dispatched(0);
      budget.release(batch, 100);
    }
  });
  for (int i = 0; i < batches; ++i) {
    budget.wait_for_room();
    budget.add(batch, 100);
    if (budget.events() >= limit + batch) too_much = true;
    ++added;
    added.notify_one();
  }
  strand.join();
  EXPECT_FALSE(too_much);
  EXPECT_EQ(budget.events(), 0);
  EXPECT_EQ(budget.bytes(), 0);
}

}  // namespace
}  // namespace sluice::flow
