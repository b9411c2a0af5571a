#include "bson/text.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <string_view>
#include <tuple>

#include "bson/json_writer.hpp"
#include "bson/load.hpp"
#include "text/hex.hpp"

namespace sluice::bson {

namespace {

constexpr double most_exact = 9007199254740992.0;  // 2^53
constexpr std::int64_t ms_a_day = 86'400'000;
constexpr std::size_t uuid_bytes = 16;
constexpr std::size_t before_binary = 5;  // the size and the subtype

template <typename Number>
void append_digits(std::string& out, Number number) {
  std::array<char, 32> digits;
  out.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr);
}

void append_padded(std::string& out, std::int64_t number, std::size_t width) {
  std::array<char, 24> digits;
  const auto* end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  const auto size = static_cast<std::size_t>(end - digits.data());
  if (size < width) out.append(width - size, '0');
  out.append(digits.data(), size);
}

struct Day {
  std::int64_t year;
  int month;
  int day;
};

/// The date in the Gregorian calendar for any number of days since 1970. (std::chrono ends at the year
/// 32767.)
Day day_of(std::int64_t days) {
  constexpr std::int64_t days_of_400_years = 146'097;
  constexpr std::int64_t march_of_0 = 719'468;  // days from 0000-03-01 to 1970-01-01
  days += march_of_0;
  const std::int64_t era = (days >= 0 ? days : days - days_of_400_years + 1) / days_of_400_years;
  const std::int64_t of_era = days - era * days_of_400_years;
  const std::int64_t year_of_era = (of_era - of_era / 1460 + of_era / 36'524 - of_era / 146'096) / 365;
  const std::int64_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t from_march = (5 * of_year + 2) / 153;
  const auto day = static_cast<int>(of_year - (153 * from_march + 2) / 5 + 1);
  const auto month = static_cast<int>(from_march < 10 ? from_march + 3 : from_march - 9);
  return {year_of_era + era * 400 + (month <= 2 ? 1 : 0), month, day};
}

void append_decimal(std::string& out, const Value& value) {
  const auto decimal = load<bson_decimal128_t>(value.raw().data());
  std::array<char, BSON_DECIMAL128_STRING> text;
  bson_decimal128_to_string(&decimal, text.data());
  out += text.data();
}

bool is_uuid(const Value& value) {
  return value.raw().size() == before_binary + uuid_bytes && value.raw()[4] == BSON_SUBTYPE_UUID;
}

void append_uuid(std::string& out, const std::uint8_t* bytes) {
  for (std::size_t i = 0; i < uuid_bytes; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) out += '-';
    text::append_hex(out, bytes + i, 1);
  }
}

}  // namespace

void append_number(std::string& out, double number) {
  if (std::isnan(number)) {
    out += "NaN";
  } else if (std::isinf(number)) {
    out += number < 0 ? "-Infinity" : "Infinity";
  } else if (std::fabs(number) <= most_exact && std::trunc(number) == number) {
    append_digits(out, static_cast<std::int64_t>(number));
  } else {
    append_digits(out, number);
  }
}

void append_date(std::string& out, std::int64_t ms_since_epoch) {
  std::int64_t days = ms_since_epoch / ms_a_day;
  std::int64_t ms = ms_since_epoch % ms_a_day;
  if (ms < 0) {
    ms += ms_a_day;
    --days;
  }
  const Day day = day_of(days);
  const bool plain = day.year >= 0 && day.year <= 9999;
  if (!plain) out += day.year < 0 ? '-' : '+';
  append_padded(out, day.year < 0 ? -day.year : day.year, plain ? 4 : 6);
  for (const auto& [separator, number, width] :
       {std::tuple<char, std::int64_t, std::size_t>{'-', day.month, 2},
        {'-', day.day, 2},
        {'T', ms / 3'600'000, 2},
        {':', ms / 60'000 % 60, 2},
        {':', ms / 1000 % 60, 2},
        {'.', ms % 1000, 3}}) {
    out += separator;
    append_padded(out, number, width);
  }
  out += 'Z';
}

void append_text(std::string& out, const Value& value) {
  const std::uint8_t* raw = value.raw().data();
  switch (value.type()) {
    case BSON_TYPE_UTF8:
    case BSON_TYPE_SYMBOL:
    case BSON_TYPE_CODE:
      out.append(reinterpret_cast<const char*>(raw) + 4, value.raw().size() - 5);
      return;
    case BSON_TYPE_OID:
      return text::append_hex(out, raw, value.raw().size());
    case BSON_TYPE_INT32:
      return append_digits(out, load<std::int32_t>(value.raw().data()));
    case BSON_TYPE_INT64:
      return append_digits(out, load<std::int64_t>(value.raw().data()));
    case BSON_TYPE_DOUBLE:
      return append_number(out, load<double>(value.raw().data()));
    case BSON_TYPE_DECIMAL128:
      return append_decimal(out, value);
    case BSON_TYPE_BOOL:
      out += value.boolean() ? "true" : "false";
      return;
    case BSON_TYPE_DATE_TIME:
      return append_date(out, value.date_ms());
    case BSON_TYPE_BINARY:
      if (is_uuid(value)) return append_uuid(out, raw + before_binary);
      break;
    default:
      break;
  }
  append_json(out, value, {JsonStyle::relaxed, JsonBytes::kept});
}

std::string text_of(const Value& value) {
  std::string text;
  append_text(text, value);
  return text;
}

}  // namespace sluice::bson
