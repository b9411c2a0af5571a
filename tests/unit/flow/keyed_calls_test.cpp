#include "flow/keyed_calls.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

namespace sluice::flow {
namespace {

using namespace std::chrono_literals;
using Place = KeyedCalls::Place;
using Batch = std::vector<KeyedCalls::Message>;
using Places = std::vector<Place>;

constexpr Backoff::Limits pauses{100ms, 10s};

/// All that may begin now.
Places begin_all(KeyedCalls& calls, Time now = {}) {
  Places begun;
  while (const auto place = calls.next(now)) begun.push_back(*place);
  return begun;
}

TEST(KeyedCalls, OfEachKeyOneAtATimeAndTheOldestFirst) {
  KeyedCalls calls(std::nullopt, pauses, 1);
  calls.take(Batch{{"a1", 1}, {"b1", 2}, {"a2", 1}, {"c1", 3}, {"a3", 1}});
  EXPECT_EQ(begin_all(calls), (Places{0, 1, 3}));
  calls.returned(0);
  EXPECT_EQ(begin_all(calls), Places{2});
  calls.returned(3);
  calls.returned(1);
  EXPECT_TRUE(begin_all(calls).empty());
  EXPECT_EQ(calls.done_first(), 2U) << "a2 is under way";
  calls.returned(2);
  EXPECT_EQ(begin_all(calls), Places{4});
  calls.returned(4);
  EXPECT_TRUE(calls.all_done());
}

TEST(KeyedCalls, ACallGoesOnFromOneBatchToTheNext) {
  KeyedCalls calls(std::nullopt, pauses, 1);
  calls.take(Batch{{"a", 1}, {"b", 2}, {"c", 3}});
  EXPECT_EQ(begin_all(calls), (Places{0, 1, 2}));
  calls.returned(0);
  calls.returned(2);
  ASSERT_EQ(calls.done_first(), 1U);
  calls.take(Batch{{"b", 2}, {"c", 3}, {"b2", 2}, {"d", 4}});
  EXPECT_EQ(begin_all(calls), Places{4}) << "c has returned, b is under way and keeps b2 waiting";
  EXPECT_EQ(calls.index_of(1), 0U);
  EXPECT_FALSE(calls.index_of(0)) << "resolved";
  calls.returned(1);
  EXPECT_EQ(calls.done_first(), 2U);
  EXPECT_EQ(begin_all(calls), Places{3});
}

TEST(KeyedCalls, WhatIsBehindAShorterBatchIsNotForgotten) {
  KeyedCalls calls(std::nullopt, pauses, 1);
  calls.take(Batch{{"a", 1}, {"b", 2}, {"c", 3}, {"d", 4}});
  calls.returned(*calls.next({}));
  calls.returned(*calls.next({}));
  calls.take(Batch{{"a", 1}, {"b", 2}});
  EXPECT_TRUE(calls.all_done());
  EXPECT_FALSE(calls.any_ready({})) << "c and d are of no batch";
  calls.take(Batch{{"c", 3}, {"d", 4}});
  EXPECT_EQ(calls.known(), 2U);
  EXPECT_EQ(begin_all(calls), (Places{2, 3}));
}

TEST(KeyedCalls, AFailureHoldsUpItsKeyAlone) {
  KeyedCalls calls(std::nullopt, pauses, 1);
  calls.take(Batch{{"a1", 1}, {"a2", 1}, {"b1", 2}, {"b2", 2}});
  EXPECT_EQ(begin_all(calls), (Places{0, 2}));
  EXPECT_EQ(calls.failed(0, false, Time{}), KeyedCalls::After::pause);
  calls.returned(2);
  EXPECT_EQ(begin_all(calls), Places{3});
  const auto due = calls.next_due();
  ASSERT_TRUE(due);
  EXPECT_LE(*due, Time{} + 100ms);
  EXPECT_EQ(calls.attempts(0), 2);
  EXPECT_EQ(begin_all(calls, *due), Places{0}) << "again, and before a2";
}

TEST(KeyedCalls, PausesDoubleUpToTheirLimit) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  KeyedCalls calls(std::nullopt, {100ms, 1s}, seed);
  calls.take(Batch{{"a", 1}});
  Time now{};
  Duration limit = 100ms;
  for (int i = 0; i < 12; ++i) {
    const Place place = *calls.next(now);
    calls.failed(place, false, now);
    const Time due = *calls.next_due();
    EXPECT_GT(due, now);
    EXPECT_LE(due - now, limit);
    now = due;
    limit = std::min<Duration>(2 * limit, 1s);
  }
}

TEST(KeyedCalls, AfterTheStatedTriesItIsRefusedAndItsKeyGoesOn) {
  KeyedCalls calls(2, pauses, 1);
  calls.take(Batch{{"x", 9}, {"a1", 1}, {"a2", 1}});
  begin_all(calls);
  EXPECT_EQ(calls.failed(1, false, Time{}), KeyedCalls::After::pause);
  EXPECT_FALSE(calls.first_refused());
  const Time due = *calls.next_due();
  EXPECT_EQ(begin_all(calls, due), Places{1});
  EXPECT_EQ(calls.failed(1, false, due), KeyedCalls::After::refused);
  EXPECT_EQ(calls.first_refused(), 1U);
  EXPECT_EQ(begin_all(calls, due), Places{2});
  calls.take(Batch{{"x", 9}, {"a2", 1}});  // a1 is a dead letter now
  EXPECT_FALSE(calls.first_refused());
  calls.returned(2);
  calls.returned(0);
  EXPECT_TRUE(calls.all_done());
}

TEST(KeyedCalls, WhatNoTryHelpsIsRefusedAtOnce) {
  KeyedCalls calls(std::nullopt, pauses, 1);
  calls.take(Batch{{"a", 1}});
  EXPECT_EQ(calls.failed(*calls.next({}), true, Time{}), KeyedCalls::After::refused);
}

TEST(KeyedCalls, WhatIsLeftIsNotBegunAgain) {
  KeyedCalls calls(1, pauses, 1);
  calls.take(Batch{{"a", 1}, {"a2", 1}, {"b", 2}});
  begin_all(calls);
  calls.left(0);
  calls.returned(2);
  EXPECT_TRUE(begin_all(calls, Time{} + 1h).empty());
  EXPECT_FALSE(calls.first_refused());
  EXPECT_EQ(calls.done_first(), 0U);
}

/// A lane in small: batches overlap, calls end in any order, some fail.
TEST(KeyedCalls, EveryMessageReturnsOnceAndEachKeyInOrder) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  KeyedCalls calls(std::nullopt, {1ms, 1ms}, seed);
  std::vector<std::string> ids;
  std::vector<std::uint64_t> keys;
  for (int i = 0; i < 500; ++i) {
    ids.push_back(std::to_string(i));
    keys.push_back(random() % 20);
  }
  std::size_t resolved = 0;
  Time now{};
  std::map<std::uint64_t, std::size_t> newest;
  std::set<std::uint64_t> keys_under_way;
  std::map<Place, std::size_t> under_way;
  while (resolved < ids.size()) {
    Batch batch;
    const std::size_t size = std::min<std::size_t>(1 + random() % 40, ids.size() - resolved);
    for (std::size_t i = resolved; i < resolved + size; ++i) batch.push_back({ids[i], keys[i]});
    calls.take(batch);
    now += 1ms;
    while (const auto place = calls.next(now)) {
      const std::size_t i = resolved + *calls.index_of(*place);
      EXPECT_TRUE(keys_under_way.insert(keys[i]).second) << i;
      under_way[*place] = i;
    }
    for (auto one = under_way.begin(); one != under_way.end();) {
      const auto [place, i] = *one;
      if (random() % 3 != 0) {
        ++one;
        continue;
      }
      keys_under_way.erase(keys[i]);
      if (random() % 4 == 0) {
        calls.failed(place, false, now);
      } else {
        calls.returned(place);
        EXPECT_TRUE(newest[keys[i]] <= i);
        newest[keys[i]] = i + 1;
      }
      one = under_way.erase(one);
    }
    resolved += calls.done_first();
  }
  EXPECT_LE(calls.known(), 40U);
}

}  // namespace
}  // namespace sluice::flow
