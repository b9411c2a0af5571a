#pragma once

#include <cstdint>

namespace sluice {

/// How a message's document is written.
enum class PayloadFormat : std::uint8_t { relaxed_json, canonical_json, bson };

}  // namespace sluice
