#pragma once

#include <cstdint>
#include <cstdlib>
#include <random>
#include <string>

namespace sluice::test {

/// The seed of a random test: SLUICE_SEED, or a new one. Name it in SCOPED_TRACE(seed_line(seed)), so that a
/// failure says how to repeat it.
inline std::uint64_t seed() {
  if (const char* given = std::getenv("SLUICE_SEED")) return std::strtoull(given, nullptr, 10);
  return std::random_device{}();
}

inline std::string seed_line(std::uint64_t seed) {
  return "repeat with SLUICE_SEED=" + std::to_string(seed);
}

}  // namespace sluice::test
