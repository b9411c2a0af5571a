#include <algorithm>
#include <cstring>

#include "sluice/bson.hpp"

namespace sluice::bson {

namespace {

// One kind for every number that is an integer, so that 1, 1L and 1.0 are one key as they are to the server.
constexpr std::uint8_t integer_kind = 0xfe;

std::uint64_t mix(std::uint64_t hash) {
  hash ^= hash >> 33;
  hash *= 0xff51afd7ed558ccdULL;
  hash ^= hash >> 33;
  hash *= 0xc4ceb9fe1a85ec53ULL;
  hash ^= hash >> 33;
  return hash;
}

std::optional<std::int64_t> integer_of_decimal(const Value& value) {
  bson_decimal128_t decimal;
  std::memcpy(&decimal.low, value.raw().data(), 8);
  std::memcpy(&decimal.high, value.raw().data() + 8, 8);
  char text[BSON_DECIMAL128_STRING];
  bson_decimal128_to_string(&decimal, text);
  // Only plain integers: "1.0" or "1E1" stay a kind of their own, which costs a merge and nothing else.
  char* end = nullptr;
  errno = 0;
  const long long number = std::strtoll(text, &end, 10);
  if (errno != 0 || end == text || *end != '\0') return std::nullopt;
  return number;
}

}  // namespace

std::uint64_t stable_hash(std::span<const std::uint8_t> bytes, std::uint64_t seed) {
  std::uint64_t hash = 0xcbf29ce484222325ULL ^ seed;
  for (const std::uint8_t byte : bytes) {
    hash ^= byte;
    hash *= 0x100000001b3ULL;
  }
  return mix(hash);
}

std::uint64_t stable_hash(std::string_view text, std::uint64_t seed) {
  return stable_hash({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}, seed);
}

Identity::Identity(const Value& value) : kind_(static_cast<std::uint8_t>(value.type())), bytes_(value.raw()) {
  auto number = value.integer();
  if (!number && value.type() == BSON_TYPE_DECIMAL128) number = integer_of_decimal(value);
  if (!number) return;
  kind_ = integer_kind;
  number_ = *number;
  bytes_ = {};
}

std::uint64_t Identity::hash(std::uint64_t seed) const {
  if (kind_ != integer_kind) return stable_hash(bytes_, seed + kind_);
  std::uint8_t bytes[sizeof number_];
  std::memcpy(bytes, &number_, sizeof number_);
  return stable_hash(bytes, seed + integer_kind);
}

bool operator==(const Identity& a, const Identity& b) {
  return a.kind_ == b.kind_ && a.number_ == b.number_ && std::ranges::equal(a.bytes_, b.bytes_);
}

}  // namespace sluice::bson
