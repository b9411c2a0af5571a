#include "pipeline/start_tries.hpp"

#include <gtest/gtest.h>

namespace sluice::pipeline {
namespace {

TEST(StartTries, TakeTheTimeOfEachSelectionAndTheWaits) {
  using std::chrono_literals::operator""ms;
  using std::chrono_literals::operator""s;
  EXPECT_EQ(start_patience(3000ms), 27s);
  EXPECT_EQ(start_patience(500ms), 7s);
  EXPECT_EQ(start_patience(30'000ms), 243s);
}

}  // namespace
}  // namespace sluice::pipeline
