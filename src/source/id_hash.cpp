#include "source/id_hash.hpp"

#include <bit>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <string_view>

#include "bson/decimal.hpp"
#include "bson/limits.hpp"
#include "bson/load.hpp"

namespace sluice::source {

namespace {

static_assert(std::endian::native == std::endian::little, "hashes are of little-endian numbers");

using Limits = std::numeric_limits<std::int64_t>;

/// The number by which the server orders types; types that compare as equal share it.
std::int32_t order_of_type(bson_type_t type) {
  switch (type) {
    case BSON_TYPE_MINKEY:
      return -1;
    case BSON_TYPE_UNDEFINED:
      return 0;
    case BSON_TYPE_EOD:
    case BSON_TYPE_NULL:
      return 5;
    case BSON_TYPE_INT32:
    case BSON_TYPE_INT64:
    case BSON_TYPE_DOUBLE:
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

/// What the server hashes behind a document's last field: the type of its end, which has no name.
constexpr std::int32_t end_of_document = 0;

/// Truncates. 2^63 becomes the smallest number although larger ones become the largest: the server keeps what
/// its first versions made of it.
std::int64_t whole(double number) {
  constexpr double too_large = 0x1p63;
  if (std::isnan(number)) return 0;
  if (number == too_large || number < -too_large) return Limits::min();
  return number > too_large ? Limits::max() : static_cast<std::int64_t>(number);
}

/// Rounds half to even, unlike for doubles.
std::uint64_t rounded(const bson::Decimal& decimal) {
  const int places = static_cast<int>(decimal.digits.size()) + decimal.exponent;  // before the point
  constexpr std::uint64_t largest = std::numeric_limits<std::uint64_t>::max();
  if (decimal.digits.empty() || places < 0) return 0;
  if (places > std::numeric_limits<std::uint64_t>::digits10) return largest;
  const std::string_view before = decimal.digits.substr(0, static_cast<std::size_t>(places));
  auto number = bson::parse_digits<std::uint64_t>(before);
  for (auto i = before.size(); i < static_cast<std::size_t>(places); ++i) number *= 10;
  const std::string_view after = decimal.digits.substr(before.size());
  const bool up = after > "5" || (after == "5" && number % 2 == 1);
  return up ? number + 1 : number;
}

std::int64_t whole(const bson_decimal128_t& number) {
  char chars[BSON_DECIMAL128_STRING];
  bson_decimal128_to_string(&number, chars);
  std::string_view text = chars;
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  if (text.starts_with('N')) return 0;
  constexpr auto largest = static_cast<std::uint64_t>(Limits::max());
  const std::uint64_t size =
      text.starts_with('I') ? std::numeric_limits<std::uint64_t>::max() : rounded(bson::Decimal(text));
  if (size > largest) return negative ? Limits::min() : Limits::max();
  return negative ? -static_cast<std::int64_t>(size) : static_cast<std::int64_t>(size);
}

void require(int succeeded) {
  if (succeeded != 1) throw std::runtime_error("OpenSSL cannot compute MD5");
}

}  // namespace

IdHasher::IdHasher() : md5_(EVP_MD_fetch(nullptr, "MD5", nullptr)), context_(EVP_MD_CTX_new()) {
  if (!md5_ || !context_) {
    throw std::runtime_error("OpenSSL offers no MD5, by which MongoDB hashes ids: allow it in openssl.cnf");
  }
}

std::int64_t IdHasher::hash(const bson::Value& id) {
  require(EVP_DigestInit_ex2(context_.get(), md5_.get(), nullptr));
  constexpr std::int32_t seed = 0;
  put_number(seed);
  put_number(order_of_type(id.type()));
  add(id, 0);
  flush();
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> digest;
  require(EVP_DigestFinal_ex(context_.get(), digest.data(), nullptr));
  const auto hash = bson::load<std::int64_t>(digest.data());
  return hash == Limits::min() ? Limits::max() : std::abs(hash);
}

/// The value without its type and name.
void IdHasher::add(const bson::Value& value, int depth) {
  switch (value.type()) {
    case BSON_TYPE_INT32:
      return put_number<std::int64_t>(bson::load<std::int32_t>(value.raw().data()));
    case BSON_TYPE_INT64:
      return put_number(bson::load<std::int64_t>(value.raw().data()));
    case BSON_TYPE_DOUBLE:
      return put_number(whole(bson::load<double>(value.raw().data())));
    case BSON_TYPE_DECIMAL128:
      return put_number(whole(bson::load<bson_decimal128_t>(value.raw().data())));
    case BSON_TYPE_DOCUMENT:
    case BSON_TYPE_ARRAY:
      return add_fields({value.raw().data(), value.raw().size()}, depth);
    case BSON_TYPE_CODEWSCOPE:
      return add_code_with_scope(value.raw(), depth);
    default:
      return put(value.raw().data(), value.raw().size());
  }
}

void IdHasher::add_fields(bson::View document, int depth) {
  if (depth > bson::max_nested) return;  // the server stores no such document
  for (const bson::Element& element : document) add_element(element, depth);
  put_number(end_of_document);
}

void IdHasher::add_element(const bson::Element& element, int depth) {
  put_number(order_of_type(element.value.type()));
  put(element.key.data(), element.key.size() + 1);  // with the NUL that ends it
  add(element.value, depth + 1);
}

/// Its bytes are its length, the code's length, the code with a NUL, and the scope.
void IdHasher::add_code_with_scope(std::span<const std::uint8_t> raw, int depth) {
  constexpr std::size_t before_code = 2 * sizeof(std::int32_t);
  if (raw.size() < before_code) return;
  const std::size_t length = bson::load<std::uint32_t>(raw.data() + sizeof(std::int32_t));
  if (length > raw.size() - before_code) return;
  put(raw.data() + before_code, length);
  const auto scope = raw.subspan(before_code + length);
  add_fields({scope.data(), scope.size()}, depth);
}

template <typename T>
void IdHasher::put_number(T number) {
  put(&number, sizeof number);
}

void IdHasher::put(const void* data, std::size_t size) {
  if (size > buffer_.size() - buffered_) flush();
  if (size > buffer_.size()) {
    require(EVP_DigestUpdate(context_.get(), data, size));
  } else if (size > 0) {
    std::memcpy(buffer_.data() + buffered_, data, size);
    buffered_ += size;
  }
}

void IdHasher::flush() {
  require(EVP_DigestUpdate(context_.get(), buffer_.data(), buffered_));
  buffered_ = 0;
}

}  // namespace sluice::source
