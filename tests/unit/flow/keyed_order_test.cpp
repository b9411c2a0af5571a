#include "flow/keyed_order.hpp"

#include <gtest/gtest.h>

#include <random>

namespace sluice::flow {
namespace {

using Keys = std::vector<std::uint64_t>;
using Places = std::vector<std::size_t>;

Places take_all(KeyedOrder& chains) {
  Places taken;
  while (chains.ready()) taken.push_back(chains.take());
  return taken;
}

TEST(KeyedOrder, OfEachKeyOneIsOnItsWay) {
  KeyedOrder chains(Keys{1, 1, 2, 1, 3});
  EXPECT_EQ(take_all(chains), (Places{0, 2, 4}));
  chains.done(4);
  EXPECT_FALSE(chains.ready());
  chains.done(0);
  EXPECT_EQ(take_all(chains), (Places{1}));
  chains.done(1);
  EXPECT_EQ(take_all(chains), (Places{3}));
}

TEST(KeyedOrder, BehindAFailureNothingOfItsKeyGoes) {
  KeyedOrder chains(Keys{1, 2, 1, 2});
  EXPECT_EQ(take_all(chains), (Places{0, 1}));
  chains.done(1);  // and 0 failed
  EXPECT_EQ(take_all(chains), (Places{3}));
  chains.done(3);
  EXPECT_FALSE(chains.ready());
}

TEST(KeyedOrder, NothingIsNothing) {
  EXPECT_FALSE(KeyedOrder(Keys{}).ready());
}

/// Whatever the keys and whichever ends first: each goes once, behind the one before it of its key.
TEST(KeyedOrder, RandomEndsKeepTheOrderOfEachKey) {
  std::mt19937 random(11);
  for (int round = 0; round < 200; ++round) {
    Keys keys(random() % 60);
    for (auto& key : keys) key = random() % 8;
    KeyedOrder chains(keys);
    Places under_way;
    std::vector<bool> ended(keys.size());
    std::size_t count = 0;
    while (chains.ready() || !under_way.empty()) {
      if (chains.ready() && (under_way.empty() || random() % 2 == 0)) {
        const std::size_t next = chains.take();
        for (std::size_t i = 0; i < next; ++i) ASSERT_TRUE(keys[i] != keys[next] || ended[i]);
        under_way.push_back(next);
        continue;
      }
      std::swap(under_way[random() % under_way.size()], under_way.back());
      ASSERT_FALSE(ended[under_way.back()]);
      ended[under_way.back()] = true;
      ++count;
      chains.done(under_way.back());
      under_way.pop_back();
    }
    EXPECT_EQ(count, keys.size());
  }
}

}  // namespace
}  // namespace sluice::flow
