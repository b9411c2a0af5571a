#include "flow/send_allowance.hpp"

#include <gtest/gtest.h>

namespace sluice::flow {
namespace {

/// Lanes may send 250 bytes at once.
struct Allowed {
  Budget budget{1000, 1000};
  SendAllowance allowance{budget};
};

TEST(SendAllowance, LetsGoWhatFits) {
  Allowed on;
  EXPECT_TRUE(on.allowance.take(on.allowance.ask(100)));
  EXPECT_TRUE(on.allowance.take(on.allowance.ask(150)));
  EXPECT_EQ(on.budget.bytes(), 250);
  const auto third = on.allowance.ask(1);
  EXPECT_FALSE(on.allowance.take(third));
  on.allowance.release(100);
  EXPECT_TRUE(on.allowance.take(third));
  on.allowance.release(150);
  on.allowance.release(1);
  EXPECT_EQ(on.allowance.in_use(), 0);
  EXPECT_EQ(on.budget.bytes(), 0);
}

TEST(SendAllowance, OneThatIsLargerThanTheLimitGoesAlone) {
  Allowed on;
  EXPECT_TRUE(on.allowance.take(on.allowance.ask(10)));
  const auto large = on.allowance.ask(9000);
  EXPECT_FALSE(on.allowance.take(large));
  on.allowance.release(10);
  EXPECT_TRUE(on.allowance.take(large));
  EXPECT_FALSE(on.allowance.take(on.allowance.ask(0)));
}

TEST(SendAllowance, NobodyOvertakesALargeOneThatWaits) {
  Allowed on;
  EXPECT_TRUE(on.allowance.take(on.allowance.ask(200)));
  const auto large = on.allowance.ask(200);
  const auto small = on.allowance.ask(1);
  EXPECT_FALSE(on.allowance.take(small));
  EXPECT_FALSE(on.allowance.take(large));
  on.allowance.release(200);
  EXPECT_FALSE(on.allowance.take(small)) << "not before the one that came first";
  EXPECT_TRUE(on.allowance.take(large));
  EXPECT_TRUE(on.allowance.take(small));
}

TEST(SendAllowance, OneThatGivesUpHoldsNobodyBack) {
  Allowed on;
  EXPECT_TRUE(on.allowance.take(on.allowance.ask(200)));
  const auto large = on.allowance.ask(200);
  const auto small = on.allowance.ask(50);
  EXPECT_TRUE(on.allowance.anybody_waits());
  on.allowance.withdraw(large);
  EXPECT_TRUE(on.allowance.take(small));
  EXPECT_FALSE(on.allowance.anybody_waits());
}

}  // namespace
}  // namespace sluice::flow
