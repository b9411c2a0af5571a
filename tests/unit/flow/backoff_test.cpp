#include "flow/backoff.hpp"

#include <gtest/gtest.h>

namespace sluice::flow {
namespace {

using namespace std::chrono_literals;

TEST(Backoff, DrawsFromAWindowThatDoublesUpToItsCap) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    Backoff backoff({10ms, 100ms}, seed);
    for (const Duration ceiling : {10ms, 20ms, 40ms, 80ms, 100ms, 100ms, 100ms}) {
      const Duration wait = backoff.next();
      EXPECT_GT(wait, Duration::zero());
      EXPECT_LE(wait, ceiling);
    }
  }
}

TEST(Backoff, SpreadsOverTheWholeWindow) {
  Duration least = 1h;
  Duration most = Duration::zero();
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    const Duration wait = Backoff({100ms, 100ms}, seed).next();
    least = std::min(least, wait);
    most = std::max(most, wait);
  }
  EXPECT_LT(least, 10ms);
  EXPECT_GT(most, 90ms);
}

TEST(Backoff, StartsAgainAfterAReset) {
  Backoff backoff({10ms, 1h}, 1);
  for (int i = 0; i < 10; ++i) backoff.next();
  EXPECT_EQ(backoff.attempts(), 10);
  backoff.reset();
  EXPECT_EQ(backoff.attempts(), 0);
  EXPECT_LE(backoff.next(), 10ms);
}

TEST(Backoff, NeverOverflows) {
  Backoff backoff({5s, 10s}, 1);
  for (int i = 0; i < 1000; ++i) {
    const Duration wait = backoff.next();
    ASSERT_GT(wait, Duration::zero());
    ASSERT_LE(wait, 10s);
  }
}

}  // namespace
}  // namespace sluice::flow
