#include <gtest/gtest.h>

#include <iostream>

#include "support/fixture.hpp"
#include "workbench/mongo.hpp"

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  const workbench::Driver driver;
  sluice::test::remove_stale_directories();
  std::cout << "Random choices follow from SLUICE_SEED=" << sluice::test::random_seed() << std::endl;
  return RUN_ALL_TESTS();
}
