#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <optional>

#include "sluice/bson.hpp"

namespace sluice::bson {

using Uuid = std::array<std::uint8_t, 16>;

/// The UUID in a value (binary of subtype 4); nullopt for any other value.
inline std::optional<Uuid> uuid_of(const Value& value) {
  constexpr std::size_t head = 5;  // the length, and the subtype
  if (value.type() != BSON_TYPE_BINARY || value.raw().size() != head + sizeof(Uuid)) return std::nullopt;
  if (value.raw()[head - 1] != BSON_SUBTYPE_UUID) return std::nullopt;
  Uuid uuid{};
  std::memcpy(uuid.data(), value.raw().data() + head, uuid.size());
  return uuid;
}

/// A UUID as a BSON value. Owns the bytes that value() refers to.
class UuidValue {
 public:
  explicit UuidValue(const Uuid& uuid) : raw_{sizeof(Uuid), 0, 0, 0, BSON_SUBTYPE_UUID} {
    std::memcpy(raw_.data() + raw_.size() - uuid.size(), uuid.data(), uuid.size());
  }
  Value value() const { return {BSON_TYPE_BINARY, raw_}; }

 private:
  std::array<std::uint8_t, 5 + sizeof(Uuid)> raw_;
};

/// A hash for containers. Session UUIDs are random, so the first bytes are enough.
struct UuidHash {
  std::size_t operator()(const Uuid& uuid) const {
    std::size_t hash = 0;
    std::memcpy(&hash, uuid.data(), sizeof hash);
    return hash;
  }
};

}  // namespace sluice::bson
