#include <gtest/gtest.h>

#include <iostream>
#include <memory>

#include "support/fixture.hpp"
#include "support/sanitizers.hpp"
#include "workbench/mongo.hpp"

namespace {

/// Fails a test if a sanitizer reported an error in a program that the test ran.
class SanitizerReports final : public testing::EmptyTestEventListener {
  void OnTestEnd(const testing::TestInfo& /*test*/) override {
    const std::string reports = sluice::test::take_sanitizer_reports();
    if (!reports.empty()) ADD_FAILURE() << reports;
  }
};

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  testing::UnitTest::GetInstance()->listeners().Append(std::make_unique<SanitizerReports>().release());
  const workbench::Driver driver;
  sluice::test::remove_stale_directories();
  std::cout << "Random choices follow from SLUICE_SEED=" << sluice::test::random_seed() << std::endl;
  return RUN_ALL_TESTS();
}
