#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

namespace sluice::test {

/// Skips the test if this machine cannot have a server that it needs. With the environment variable CI set,
/// it fails instead. `why`: what is missing, "" if nothing is. The caller must return if it is not empty.
inline void skip_if(const std::string& why) {
  if (why.empty()) return;
  if (std::getenv("CI") != nullptr) FAIL() << why;
  GTEST_SKIP() << why;
}

}  // namespace sluice::test
