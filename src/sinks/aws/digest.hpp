#pragma once

#include <string>
#include <string_view>

namespace sluice::sinks::aws {

/// The SHA-256 of a text: 64 lowercase hexadecimal digits.
std::string sha256_hex(std::string_view text);

/// The HMAC-SHA-256 of a text: 32 bytes.
std::string hmac_sha256(std::string_view key, std::string_view text);

/// A message group or deduplication id. AWS accepts 1 to 128 printable ASCII characters without blanks; any
/// other text is replaced by its SHA-256.
std::string accepted_id(std::string_view id);

}  // namespace sluice::sinks::aws
