#include "flow/in_flight_window.hpp"

#include <gtest/gtest.h>

#include <random>

namespace sluice::flow {
namespace {

using Wave = std::vector<std::size_t>;

TEST(WavesTest, DifferentKeysGoTogether) {
  InFlightWindow waves;
  EXPECT_EQ(waves.arrange(std::vector<std::uint64_t>{1, 2, 3}), (std::vector<Wave>{{0, 1, 2}}));
  EXPECT_TRUE(waves.arrange({}).empty());
}

TEST(WavesTest, OneKeyGoesOneAfterTheOther) {
  InFlightWindow waves;
  EXPECT_EQ(waves.arrange(std::vector<std::uint64_t>{1, 1, 2, 1}), (std::vector<Wave>{{0, 2}, {1}, {3}}));
}

/// Whatever the keys: everything is in one wave, no key twice in one, and each key's in their order.
TEST(WavesTest, RandomKeysKeepTheirOrder) {
  std::mt19937 random(7);
  InFlightWindow waves;
  for (int round = 0; round < 200; ++round) {
    std::vector<std::uint64_t> keys(random() % 50);
    for (auto& key : keys) key = random() % 10;
    std::vector<int> wave_of(keys.size(), -1);
    int number = 0;
    for (const Wave& wave : waves.arrange(keys)) {
      EXPECT_FALSE(wave.empty());
      for (const std::size_t i : wave) wave_of[i] = number;
      ++number;
    }
    for (std::size_t i = 0; i < keys.size(); ++i) {
      ASSERT_GE(wave_of[i], 0);
      for (std::size_t j = i + 1; j < keys.size(); ++j) {
        if (keys[i] == keys[j]) {
          ASSERT_LT(wave_of[i], wave_of[j]);
        }
      }
    }
  }
}

}  // namespace
}  // namespace sluice::flow
