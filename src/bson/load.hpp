#pragma once

#include <cstdint>
#include <cstring>

namespace sluice::bson {

/// The number whose bytes stand at `from`, aligned or not.
template <typename T>
T load(const std::uint8_t* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

}  // namespace sluice::bson
