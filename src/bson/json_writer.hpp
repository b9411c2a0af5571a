#pragma once

#include <cstdint>
#include <string>

#include "sluice/bson.hpp"

namespace sluice::bson {

enum class JsonStyle : std::uint8_t { relaxed, canonical };

/// How bytes in strings and names that are not UTF-8 are written.
enum class JsonBytes : std::uint8_t {
  replaced,  ///< as U+FFFD: the output is always valid JSON
  kept,      ///< unchanged: for texts that must differ if documents do, and are escaped later
};

struct JsonFormat {
  JsonStyle style = JsonStyle::relaxed;
  JsonBytes bytes = JsonBytes::replaced;

  constexpr JsonFormat() = default;
  constexpr JsonFormat(JsonStyle of) : style(of) {}
  constexpr JsonFormat(JsonStyle of, JsonBytes with) : style(of), bytes(with) {}
};

/// Why a document was not written.
enum class JsonFailure : std::uint8_t { none, too_deep, not_bson };

/// The most levels of nesting that are written. The server stores fewer.
inline constexpr int most_json_levels = 250;

/// Appends a document as Extended JSON v2 without blanks. Allocates no memory but in `out`, so keep `out`
/// from one document to the next. A double is written as the shortest text that reads back as the same
/// double. In relaxed JSON, a date outside the years 1970 to 9999 is written as {"$date":{"$numberLong":..}}.
///
/// After a failure, what was appended is incomplete and must not be used.
JsonFailure append_json(std::string& out, View document, JsonFormat format);

/// The same for one value.
JsonFailure append_json(std::string& out, const Value& value, JsonFormat format);

/// A sentence for users that says what is wrong with the document.
const char* reason_of(JsonFailure failure);

}  // namespace sluice::bson
