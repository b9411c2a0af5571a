#include "nemesis/nemesis.hpp"

#include <gtest/gtest.h>

#include <iostream>

#include "support/fixture.hpp"

namespace sluice::nemesis {
namespace {

/// Everything that the other tests do one at a time, in an order that the seed decides. tools/nemesis goes on
/// for longer.
void survives(int nodes) {
  const Options options{.seed = test::random_seed(), .nodes = nodes, .shards = 3, .faults = 12};
  const Report report = run(options, std::cout);
  EXPECT_EQ(report.violation, "") << "SLUICE_SEED=" << options.seed;
  EXPECT_GE(report.checks, 1);
  std::cout << text_of(options, report);
}

TEST(Nemesis, AnythingInAnyOrderOnOneNode) {
  survives(1);
}

TEST(Nemesis, AnythingInAnyOrderOnThreeNodes) {
  survives(3);
}

}  // namespace
}  // namespace sluice::nemesis
