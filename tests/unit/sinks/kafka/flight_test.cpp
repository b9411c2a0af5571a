#include "sinks/kafka/flight.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <vector>

namespace sluice::sinks::kafka {
namespace {

constexpr Fate failed = -185;
using Places = std::vector<std::size_t>;

TEST(KafkaFlight, IsDoneWhenAllIsStored) {
  const std::vector<Flown> flight = {{1, stored}, {2, stored}, {1, stored}};
  const Settled settled = settle(flight);
  EXPECT_EQ(settled.done, (Places{0, 1, 2}));
  EXPECT_TRUE(settled.whole(3));
  EXPECT_FALSE(settled.failed);
  EXPECT_FALSE(settled.refused);
}

TEST(KafkaFlight, GoesOnFromTheFirstOfAKeyThatFailed) {
  const std::vector<Flown> flight = {{1, stored}, {2, stored}, {1, failed}, {1, stored}, {2, stored}};
  const Settled settled = settle(flight);
  EXPECT_EQ(settled.done, (Places{0, 1, 4}));
  EXPECT_EQ(settled.failed, 2U);
  EXPECT_FALSE(settled.whole(5));
}

TEST(KafkaFlight, WhatWasNotSentHoldsUpWhatFollows) {
  const std::vector<Flown> flight = {{1, unsent}, {1, stored}, {2, unsent}};
  const Settled settled = settle(flight);
  EXPECT_TRUE(settled.done.empty());
  EXPECT_FALSE(settled.failed);
}

TEST(KafkaFlight, ARefusedMessageHoldsUpNothing) {
  const std::vector<Flown> flight = {{1, stored}, {1, refused}, {1, stored}, {1, refused}};
  const Settled settled = settle(flight);
  EXPECT_EQ(settled.done, (Places{0, 2}));
  EXPECT_EQ(settled.refused, 1U);
  EXPECT_FALSE(settled.failed);
}

/// Flights with failures at random, repeated until all is done: the last message of a key in the topic is the
/// last of its changes, and each was there first in its order.
TEST(KafkaFlight, RepeatedUntilItIsDoneKeepsTheOrderOfEachKey) {
  const std::uint64_t seed = std::random_device()();
  std::mt19937_64 random(seed);
  for (int round = 0; round < 200; ++round) {
    std::vector<Flown> left;
    std::vector<int> numbers;
    for (int i = 0; i < 40; ++i) {
      left.push_back({random() % 5, unsent});
      numbers.push_back(i);
    }
    std::map<std::uint64_t, std::vector<int>> topic;
    while (!left.empty()) {
      for (std::size_t i = 0; i < left.size(); ++i) {
        left[i].fate = random() % 4 == 0 ? failed : stored;
        if (left[i].fate == stored) topic[left[i].key].push_back(numbers[i]);
      }
      const Settled settled = settle(left);
      for (auto place = settled.done.rbegin(); place != settled.done.rend(); ++place) {
        left.erase(left.begin() + static_cast<std::ptrdiff_t>(*place));
        numbers.erase(numbers.begin() + static_cast<std::ptrdiff_t>(*place));
      }
    }
    for (const auto& [key, written] : topic) {
      EXPECT_EQ(written.back(), *std::ranges::max_element(written)) << "seed " << seed;
    }
  }
}

}  // namespace
}  // namespace sluice::sinks::kafka
