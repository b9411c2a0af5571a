#pragma once

#include <cstdint>
#include <string>

#include "sluice/bson.hpp"

namespace sluice::bson {

enum class JsonStyle : std::uint8_t { relaxed, canonical };

/// Appends a document as Extended JSON, byte for byte as libbson writes it, several times as fast and without
/// an allocation of its own: `out` is meant to be kept from one document to the next.
///
/// Returns false where the document is nested too deeply to be written at all, or is not valid BSON or UTF-8;
/// what was appended by then has no meaning.
bool append_json(std::string& out, View document, JsonStyle style);

}  // namespace sluice::bson
