#pragma once

#include <cstdint>
#include <cstring>

namespace sluice::bson {

/// Reads a number from the bytes at `from`, which need not be aligned.
template <typename T>
T load(const std::uint8_t* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

}  // namespace sluice::bson
