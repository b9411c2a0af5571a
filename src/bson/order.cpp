#include "bson/order.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <optional>
#include <string>

#include "bson/decimal.hpp"
#include "bson/limits.hpp"

namespace sluice::bson {

namespace {

/// The server's rank of a type in the sort order. Types whose values are compared with each other share a
/// rank.
int place_of(bson_type_t type) {
  switch (type) {
    case BSON_TYPE_MINKEY:
      return -1;
    case BSON_TYPE_EOD:
    case BSON_TYPE_UNDEFINED:
      return 0;
    case BSON_TYPE_NULL:
      return 5;
    case BSON_TYPE_DOUBLE:
    case BSON_TYPE_INT32:
    case BSON_TYPE_INT64:
    case BSON_TYPE_DECIMAL128:
      return 10;
    case BSON_TYPE_UTF8:
    case BSON_TYPE_SYMBOL:
      return 15;
    case BSON_TYPE_DOCUMENT:
      return 20;
    case BSON_TYPE_ARRAY:
      return 25;
    case BSON_TYPE_BINARY:
      return 30;
    case BSON_TYPE_OID:
      return 35;
    case BSON_TYPE_BOOL:
      return 40;
    case BSON_TYPE_DATE_TIME:
      return 45;
    case BSON_TYPE_TIMESTAMP:
      return 47;
    case BSON_TYPE_REGEX:
      return 50;
    case BSON_TYPE_DBPOINTER:
      return 55;
    case BSON_TYPE_CODE:
      return 60;
    case BSON_TYPE_CODEWSCOPE:
      return 65;
    case BSON_TYPE_MAXKEY:
      return 127;
  }
  return 0;
}

template <typename T>
T load_bytes(std::span<const std::uint8_t> bytes) {
  T value{};
  std::memcpy(&value, bytes.data(), std::min(sizeof value, bytes.size()));
  return value;
}

std::weak_ordering bytes_order(std::span<const std::uint8_t> a, std::span<const std::uint8_t> b) {
  return std::lexicographical_compare_three_way(a.begin(), a.end(), b.begin(), b.end());
}

/// The bytes of a string without the length before it and the zero byte after it, which does not affect the
/// order.
std::span<const std::uint8_t> string_bytes(const Value& value) {
  return value.raw().size() < 5 ? value.raw() : value.raw().subspan(4, value.raw().size() - 5);
}

std::weak_ordering binary_order(std::span<const std::uint8_t> a, std::span<const std::uint8_t> b) {
  if (a.size() != b.size()) return a.size() <=> b.size();
  return a.size() < 4 ? bytes_order(a, b) : bytes_order(a.subspan(4), b.subspan(4));  // subtype, then bytes
}

/// A number of any BSON type, in one common form.
struct Number {
  enum class Rank : std::int8_t { nan, minus_infinite, finite, infinite };

  explicit Number(const Value& value) : text(text_of_number(value)) {
    std::string_view rest = text;
    negative = rest.starts_with('-');
    if (negative) rest.remove_prefix(1);
    if (rest.starts_with('N') || rest.starts_with('n')) rank = Rank::nan;
    if (rest.starts_with('I') || rest.starts_with('i'))
      rank = negative ? Rank::minus_infinite : Rank::infinite;
    if (rank == Rank::finite) decimal.emplace(rest);
  }

  static std::string text_of_number(const Value& value) {
    char text[64];
    char* end = text;
    switch (value.type()) {
      case BSON_TYPE_DECIMAL128: {
        const auto number = load_bytes<bson_decimal128_t>(value.raw());
        char decimal_text[BSON_DECIMAL128_STRING];
        bson_decimal128_to_string(&number, decimal_text);
        return decimal_text;
      }
      case BSON_TYPE_DOUBLE:
        end = std::to_chars(text, text + sizeof text, load_bytes<double>(value.raw()),
                            std::chars_format::scientific, digits_of_a_decimal - 1)
                  .ptr;
        break;
      case BSON_TYPE_INT32:
        end = std::to_chars(text, text + sizeof text, load_bytes<std::int32_t>(value.raw())).ptr;
        break;
      default:
        end = std::to_chars(text, text + sizeof text, load_bytes<std::int64_t>(value.raw())).ptr;
    }
    return {text, end};
  }

  int sign() const { return decimal->digits.empty() ? 0 : negative ? -1 : 1; }

  std::string text;
  bool negative = false;
  Rank rank = Rank::finite;
  std::optional<Decimal> decimal;
};

std::weak_ordering magnitude_order(const Decimal& a, const Decimal& b) {
  const auto size_a = static_cast<std::ptrdiff_t>(a.digits.size()) + a.exponent;
  const auto size_b = static_cast<std::ptrdiff_t>(b.digits.size()) + b.exponent;
  if (size_a != size_b) return size_a <=> size_b;
  return a.digits <=> b.digits;
}

std::weak_ordering number_order(const Value& a, const Value& b) {
  const auto left = a.integer();
  const auto right = b.integer();
  if (left && right) return *left <=> *right;
  const Number x(a);
  const Number y(b);
  if (x.rank != y.rank) return x.rank <=> y.rank;
  if (x.rank != Number::Rank::finite) return std::weak_ordering::equivalent;
  if (x.sign() != y.sign() || x.sign() == 0) return x.sign() <=> y.sign();
  return x.negative ? magnitude_order(*y.decimal, *x.decimal) : magnitude_order(*x.decimal, *y.decimal);
}

std::weak_ordering order(const Value& a, const Value& b, int depth);

std::weak_ordering fields_order(const View& a, const View& b, int depth) {
  auto left = a.begin();
  auto right = b.begin();
  for (; left != a.end() && right != b.end(); ++left, ++right) {
    const int place = place_of(left->value.type());
    if (const auto other = place_of(right->value.type()); place != other) return place <=> other;
    if (left->key != right->key) return left->key <=> right->key;
    if (const auto result = order(left->value, right->value, depth + 1); result != 0) return result;
  }
  return static_cast<int>(left != a.end()) <=> static_cast<int>(right != b.end());
}

std::weak_ordering order(const Value& a, const Value& b, int depth) {
  const int place = place_of(a.type());
  if (const int other = place_of(b.type()); place != other) return place <=> other;
  if (depth >= max_nested) return bytes_order(a.raw(), b.raw());
  switch (a.type()) {
    case BSON_TYPE_DOUBLE:
    case BSON_TYPE_INT32:
    case BSON_TYPE_INT64:
    case BSON_TYPE_DECIMAL128:
      return number_order(a, b);
    case BSON_TYPE_UTF8:
    case BSON_TYPE_SYMBOL:
    case BSON_TYPE_CODE:
      return bytes_order(string_bytes(a), string_bytes(b));
    case BSON_TYPE_DOCUMENT:
    case BSON_TYPE_ARRAY:
      return fields_order(a.document(), b.document(), depth);
    case BSON_TYPE_BINARY:
      return binary_order(a.raw(), b.raw());
    case BSON_TYPE_DATE_TIME:
      return a.date_ms() <=> b.date_ms();
    case BSON_TYPE_TIMESTAMP:
      return a.timestamp() <=> b.timestamp();
    default:  // ObjectId, Boolean, regular expressions; null and similar types have no bytes
      return bytes_order(a.raw(), b.raw());
  }
}

}  // namespace

std::weak_ordering server_order(const Value& a, const Value& b) {
  return order(a, b, 0);
}

}  // namespace sluice::bson
