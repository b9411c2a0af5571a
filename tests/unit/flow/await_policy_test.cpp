#include "flow/await_policy.hpp"

#include <gtest/gtest.h>

namespace sluice::flow {
namespace {

using namespace std::chrono_literals;

TEST(AwaitPolicy, DoublesWithEachWaitThatWasTooShortUpToItsBound) {
  AwaitPolicy patience(30s, 100s);
  EXPECT_EQ(patience.now(), Duration(30s));
  EXPECT_TRUE(patience.failed(30s));
  EXPECT_EQ(patience.now(), Duration(60s));
  EXPECT_TRUE(patience.failed(61s));
  EXPECT_EQ(patience.now(), Duration(100s));
  EXPECT_TRUE(patience.failed(100s));
  EXPECT_EQ(patience.now(), Duration(100s));
}

TEST(AwaitPolicy, IsAsUsualAgainAfterAnAnswer) {
  AwaitPolicy patience(30s, 100s);
  patience.failed(30s);
  patience.succeeded();
  EXPECT_EQ(patience.now(), Duration(30s));
}

TEST(AwaitPolicy, DoesNotGrowOverAServerThatIsGone) {
  AwaitPolicy patience(30s, 100s);
  EXPECT_FALSE(patience.failed(3s));
  EXPECT_EQ(patience.now(), Duration(30s));
  patience.failed(30s);
  EXPECT_FALSE(patience.failed(31s));
  EXPECT_EQ(patience.now(), Duration(60s));
}

TEST(AwaitPolicy, NeverFallsBelowWhatIsUsual) {
  AwaitPolicy patience(900s, 600s);
  EXPECT_TRUE(patience.failed(900s));
  EXPECT_EQ(patience.now(), Duration(900s));
}

TEST(AwaitPolicy, LeavesTheDriversOwnWaitAlone) {
  AwaitPolicy patience(0s, 600s);
  EXPECT_FALSE(patience.failed(300s));
  EXPECT_EQ(patience.now(), Duration(0s));
}

}  // namespace
}  // namespace sluice::flow
