#include "flow/lease.hpp"

#include <gtest/gtest.h>

namespace sluice::flow {
namespace {

using namespace std::chrono_literals;

TEST(Lease, IsRenewedLongBeforeItEnds) {
  const Time asked{};
  const Lease lease(9s, asked);
  EXPECT_EQ(lease.renew_at(), asked + 3s);
  EXPECT_FALSE(lease.expired(asked));
  EXPECT_FALSE(lease.expired(asked + 9s - 1ns));
  EXPECT_TRUE(lease.expired(asked + 9s));
}

TEST(Lease, CountsFromTheRequestThatRenewedIt) {
  Lease lease(9s, Time{});
  lease.renewed(Time{} + 4s);
  EXPECT_EQ(lease.renew_at(), Time{} + 7s);
  EXPECT_FALSE(lease.expired(Time{} + 12s));
  EXPECT_TRUE(lease.expired(Time{} + 13s));
}

}  // namespace
}  // namespace sluice::flow
