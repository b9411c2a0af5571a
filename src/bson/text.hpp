#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "sluice/bson.hpp"

/// The only conversion from BSON values to text. src/language produces the same texts with server
/// expressions. docs/language.md documents them for users ("Values as text").
namespace sluice::bson {

/// Whole numbers up to 2^53 are written without an exponent. Any other number is the shortest text that reads
/// back to the same double, or "NaN", "Infinity" or "-Infinity".
void append_number(std::string& out, double number);

/// ISO 8601 in UTC, with milliseconds: "2026-03-01T12:30:00.000Z". A year outside 0 to 9999 has a sign and at
/// least six digits: "+010000-01-01T00:00:00.000Z".
void append_date(std::string& out, std::int64_t ms_since_epoch);

/// Strings, symbols and code are written as they are, a UUID with dashes, an ObjectId as 24 digits, numbers
/// and dates as above, a Decimal128 as its digits. Everything else is written as relaxed Extended JSON
/// without blanks, in which bytes that are not UTF-8 are kept. Different values of the same type have
/// different texts.
void append_text(std::string& out, const Value& value);
std::string text_of(const Value& value);

}  // namespace sluice::bson
