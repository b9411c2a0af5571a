#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "sluice/bson.hpp"

/// The one conversion from BSON values to text. src/language makes the same texts on the server;
/// docs/language.md, "Values as text", is what users are told.
namespace sluice::bson {

/// A whole number of at most 2^53 without an exponent; any other the shortest text that reads back to the
/// same double; "NaN", "Infinity" and "-Infinity".
void append_number(std::string& out, double number);

/// ISO 8601 in UTC, with milliseconds: "2026-03-01T12:30:00.000Z". A year outside 0 to 9999 has a sign and at
/// least six digits: "+010000-01-01T00:00:00.000Z".
void append_date(std::string& out, std::int64_t ms_since_epoch);

/// A string, symbol or piece of code as it is, a UUID with dashes, an ObjectId as 24 digits, numbers and
/// dates as above, a Decimal128 as its digits; everything else as relaxed Extended JSON without blanks, in
/// which bytes that are not UTF-8 stay as they are. Values of one type that differ have texts that differ.
void append_text(std::string& out, const Value& value);
std::string text_of(const Value& value);

}  // namespace sluice::bson
