#include <algorithm>
#include <cmath>
#include <cstring>

#include "bson/load.hpp"
#include "sluice/bson.hpp"

namespace sluice::bson {

namespace {

static_assert(BSON_BYTE_ORDER == BSON_LITTLE_ENDIAN, "values are read in place, as BSON lays them out");

}  // namespace

std::string_view Value::text() const {
  if (type_ != BSON_TYPE_UTF8 || raw_.size() < 5) return {};
  return {reinterpret_cast<const char*>(raw_.data()) + 4, raw_.size() - 5};
}

std::optional<std::int64_t> Value::integer() const {
  switch (type_) {
    case BSON_TYPE_INT32:
      return load<std::int32_t>(raw_.data());
    case BSON_TYPE_INT64:
      return load<std::int64_t>(raw_.data());
    case BSON_TYPE_DOUBLE: {
      const auto number = load<double>(raw_.data());
      // Above 2^53 a double does not stand for exactly one integer.
      constexpr double limit = 9007199254740992.0;
      if (std::trunc(number) != number || std::fabs(number) > limit) return std::nullopt;
      return static_cast<std::int64_t>(number);
    }
    default:
      return std::nullopt;
  }
}

View Value::document() const {
  if (type_ != BSON_TYPE_DOCUMENT && type_ != BSON_TYPE_ARRAY) return {};
  return {raw_.data(), raw_.size()};
}

std::uint64_t Value::timestamp() const {
  return type_ == BSON_TYPE_TIMESTAMP ? load<std::uint64_t>(raw_.data()) : 0;
}

std::int64_t Value::date_ms() const {
  return type_ == BSON_TYPE_DATE_TIME ? load<std::int64_t>(raw_.data()) : 0;
}

bool operator==(const Value& a, const Value& b) {
  return a.type_ == b.type_ && std::ranges::equal(a.raw_, b.raw_);
}

}  // namespace sluice::bson
