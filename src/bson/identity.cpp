#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>

#include "bson/decimal.hpp"
#include "bson/limits.hpp"
#include "sluice/bson.hpp"

namespace sluice::bson {

namespace {

// Kinds in addition to BSON's types. All numbers with an integer value share integer_kind, so that 1, 1L and
// 1.0 are one key, as on the server. The other kinds are for all remaining numbers, of any BSON type.
constexpr std::uint8_t integer_kind = 0xfe;
constexpr std::uint8_t positive_kind = 0xfd;
constexpr std::uint8_t negative_kind = 0xfc;
constexpr std::uint8_t nan_kind = 0xfb;

constexpr std::int16_t infinite = INT16_MAX;
constexpr std::size_t digits_per_half = 17;

std::uint64_t mix(std::uint64_t hash) {
  hash ^= hash >> 33;
  hash *= 0xff51afd7ed558ccdULL;
  hash ^= hash >> 33;
  hash *= 0xc4ceb9fe1a85ec53ULL;
  hash ^= hash >> 33;
  return hash;
}

bool is_nested(std::uint8_t kind) {
  return kind == BSON_TYPE_DOCUMENT || kind == BSON_TYPE_ARRAY;
}

bool is_number(bson_type_t type) {
  return type == BSON_TYPE_INT32 || type == BSON_TYPE_INT64 || type == BSON_TYPE_DOUBLE ||
         type == BSON_TYPE_DECIMAL128;
}

template <typename T>
T load_prefix(const Value& value) {
  T result{};
  std::memcpy(&result, value.raw().data(), std::min(sizeof result, value.raw().size()));
  return result;
}

std::uint64_t hash_of(const Value& value, std::uint64_t seed, int depth);

/// Hashes the fields' identities, not their bytes, because {a: 1} and {a: 1.0} are one key on the server.
std::uint64_t hash_of_fields(const View& document, std::uint64_t hash, int depth) {
  for (const Element& element : document) {
    hash = hash_of(element.value, stable_hash(element.key, hash), depth + 1);
  }
  return mix(hash);
}

std::uint64_t hash_of(const Value& value, std::uint64_t seed, int depth) {
  const auto kind = static_cast<std::uint8_t>(value.type());
  if (!is_nested(kind)) return Identity(value).hash(seed);
  if (depth >= max_nested) return stable_hash(value.raw(), seed + kind);
  return hash_of_fields(value.document(), seed + kind, depth);
}

bool same(const Value& a, const Value& b, int depth);

bool same_fields(const View& a, const View& b, int depth) {
  auto left = a.begin();
  auto right = b.begin();
  for (; left != a.end() && right != b.end(); ++left, ++right) {
    if (left->key != right->key || !same(left->value, right->value, depth + 1)) return false;
  }
  return left == a.end() && right == b.end();
}

bool same(const Value& a, const Value& b, int depth) {
  if (!is_nested(static_cast<std::uint8_t>(a.type()))) return Identity(a) == Identity(b);
  if (depth >= max_nested) return a == b;
  return a.type() == b.type() && same_fields(a.document(), b.document(), depth);
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
  if (value.type() == BSON_TYPE_SYMBOL) kind_ = BSON_TYPE_UTF8;  // same encoding, and equal on the server
  if (!is_number(value.type())) return;
  bytes_ = {};
  if (const auto integer = value.integer()) {
    kind_ = integer_kind;
    number_ = *integer;
  } else {
    take_number(value);
  }
}

void Identity::take_number(const Value& value) {
  if (value.type() == BSON_TYPE_DECIMAL128) {
    const auto decimal = load_prefix<bson_decimal128_t>(value);
    char text[BSON_DECIMAL128_STRING];
    bson_decimal128_to_string(&decimal, text);
    return take_decimal(text);
  }
  char text[64];
  const auto end = std::to_chars(text, text + sizeof text, load_prefix<double>(value),
                                 std::chars_format::scientific, digits_of_a_decimal - 1);
  take_decimal({text, static_cast<std::size_t>(end.ptr - text)});
}

/// `text` is "NaN", "-Infinity", "inf", or a number such as 12.5 or 1.25e+1.
void Identity::take_decimal(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  kind_ = negative ? negative_kind : positive_kind;
  if (text.starts_with('N') || text.starts_with('n')) {
    kind_ = nan_kind;
    return;
  }
  if (text.starts_with('I') || text.starts_with('i')) {
    exponent_ = infinite;
    return;
  }
  const Decimal decimal(text);
  if (const auto integer = decimal.integer(negative)) {
    kind_ = integer_kind;
    number_ = *integer;
    return;
  }
  const auto split = decimal.digits.size() - std::min(decimal.digits.size(), digits_per_half);
  high_ = parse_digits<std::int64_t>(decimal.digits.substr(0, split));
  number_ = parse_digits<std::int64_t>(decimal.digits.substr(split));
  exponent_ = static_cast<std::int16_t>(decimal.exponent);
}

std::uint64_t Identity::hash(std::uint64_t seed) const {
  if (is_nested(kind_)) return hash_of_fields({bytes_.data(), bytes_.size()}, seed + kind_, 0);
  if (kind_ < nan_kind) return stable_hash(bytes_, seed + kind_);
  std::array<std::uint8_t, sizeof number_ + sizeof high_ + sizeof exponent_> bytes{};
  std::memcpy(bytes.data(), &number_, sizeof number_);
  if (kind_ == integer_kind) return stable_hash(std::span(bytes).first(sizeof number_), seed + kind_);
  std::memcpy(bytes.data() + sizeof number_, &high_, sizeof high_);
  std::memcpy(bytes.data() + sizeof number_ + sizeof high_, &exponent_, sizeof exponent_);
  return stable_hash(bytes, seed + kind_);
}

bool operator==(const Identity& a, const Identity& b) {
  if (a.kind_ != b.kind_ || a.number_ != b.number_ || a.high_ != b.high_ || a.exponent_ != b.exponent_) {
    return false;
  }
  if (std::ranges::equal(a.bytes_, b.bytes_)) return true;
  return is_nested(a.kind_) &&
         same_fields({a.bytes_.data(), a.bytes_.size()}, {b.bytes_.data(), b.bytes_.size()}, 0);
}

}  // namespace sluice::bson
