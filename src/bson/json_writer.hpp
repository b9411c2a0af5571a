#pragma once

#include <cstdint>
#include <string>

#include "sluice/bson.hpp"

namespace sluice::bson {

enum class JsonStyle : std::uint8_t { relaxed, canonical };

/// What becomes of bytes in texts and names that are not UTF-8.
enum class JsonBytes : std::uint8_t {
  replaced,  ///< U+FFFD: the output is JSON whatever a document holds
  kept,      ///< as they are, for texts that have to tell documents apart and are escaped later
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

/// More levels than the server stores.
inline constexpr int most_json_levels = 250;

/// Appends a document as Extended JSON v2 without blanks and without an allocation of its own: `out` is meant
/// to be kept from one document to the next. Doubles are the shortest text that reads back as the same
/// double; in relaxed JSON, dates outside the years 1970 to 9999 are {"$date":{"$numberLong":..}}.
///
/// What was appended by the time of a failure has no meaning.
JsonFailure append_json(std::string& out, View document, JsonFormat format);

/// The same of one value.
JsonFailure append_json(std::string& out, const Value& value, JsonFormat format);

/// The sentence for a user: what is wrong with the document.
const char* reason_of(JsonFailure failure);

}  // namespace sluice::bson
