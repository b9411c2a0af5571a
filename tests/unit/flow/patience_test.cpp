#include "flow/patience.hpp"

#include <gtest/gtest.h>

namespace sluice::flow {
namespace {

using namespace std::chrono_literals;

TEST(PatienceTest, LastsFromTheLastReport) {
  const Time start{};
  Patience patience(5s, start);
  EXPECT_FALSE(patience.over(start + 4s, 0, false));
  EXPECT_FALSE(patience.over(start + 6s, 1, false)) << "a report came";
  EXPECT_FALSE(patience.over(start + 10s, 1, false));
  EXPECT_TRUE(patience.over(start + 11s, 1, false));
  patience.again(start + 11s);
  EXPECT_FALSE(patience.over(start + 12s, 1, false));
}

TEST(PatienceTest, IsShortWhileTheProducerCannotSend) {
  const Time start{};
  Patience patience(5s, start);
  EXPECT_FALSE(patience.over(start + 499ms, 0, true));
  EXPECT_TRUE(patience.over(start + 500ms, 0, true));
  Patience short_one(100ms, start);
  EXPECT_TRUE(short_one.over(start + 100ms, 0, true));
}

}  // namespace
}  // namespace sluice::flow
