#include "sinks/kafka/batch_limits.hpp"

#include <gtest/gtest.h>

namespace sluice::sinks::kafka {
namespace {

TEST(KafkaBatchLimits, SendOneByOneAfterARefusalUntilTheLanesAreDone) {
  BatchLimits limits(1'000'000);
  const Batching together = limits.now();
  EXPECT_EQ(together, Batching{});
  EXPECT_FALSE(limits.refused("a", together)) << "it had company";
  EXPECT_FALSE(limits.refused("b", together));
  const Batching alone = limits.now();
  EXPECT_TRUE(alone.one_by_one);
  EXPECT_TRUE(limits.refused("a", alone)) << "it was alone";
  limits.committed("a", alone);
  EXPECT_TRUE(limits.now().one_by_one) << "b is still under suspicion";
  limits.committed("b", alone);
  EXPECT_EQ(limits.now(), together) << "a message was at fault, not their number";
}

TEST(KafkaBatchLimits, ShrinkRequestsOfWhichNoMessageWasAtFault) {
  BatchLimits limits(100'000);
  for (int i = 0; i < 10; ++i) {
    EXPECT_FALSE(limits.refused("a", limits.now()));
    limits.committed("a", limits.now());
  }
  EXPECT_EQ(limits.now().most_bytes, BatchLimits::least_bytes);
}

TEST(KafkaBatchLimits, ABatchOfAnotherProducerProvesNothing) {
  BatchLimits limits(100'000);
  const Batching together = limits.now();
  limits.refused("a", together);
  limits.committed("a", together);
  EXPECT_TRUE(limits.now().one_by_one);
}

}  // namespace
}  // namespace sluice::sinks::kafka
