#include "flow/loss_limit.hpp"

#include <gtest/gtest.h>

namespace sluice::flow {
namespace {

using namespace std::chrono_literals;

TEST(LossLimit, AFewLossesAreRecoveredFrom) {
  LossLimit limit;
  for (std::size_t i = 0; i < LossLimit::most; ++i) EXPECT_TRUE(limit.may_recover(Time{} + 1s * i));
  EXPECT_FALSE(limit.may_recover(Time{} + 10s));
}

TEST(LossLimit, OldLossesAreForgotten) {
  LossLimit limit;
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(limit.may_recover(Time{} + LossLimit::within / 4 * i));
}

}  // namespace
}  // namespace sluice::flow
