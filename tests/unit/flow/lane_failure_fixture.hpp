#pragma once

#include <string>

#include "unit/flow/lane_fixture.hpp"

namespace sluice::flow {

class LaneFailureTest : public LaneTest {
 protected:
  /// Fails and retries until the batch goes out again.
  void fail(const Outcome& outcome) {
    const LaneReport report = answer(outcome);
    ASSERT_TRUE(report.retry);
    ASSERT_EQ(report.resolved, 0U);
    ASSERT_FALSE(report.stop);
    ASSERT_TRUE(send());
  }
  void offer_many(int count) {
    for (int i = 0; i < count; ++i) offer({increment(std::to_string(i))});
  }
  std::size_t size() { return lane().batch().writes.size(); }
};

}  // namespace sluice::flow
