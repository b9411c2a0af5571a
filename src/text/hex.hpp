#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::text {

/// The two hexadecimal digits of a byte, in lowercase.
std::array<char, 2> hex_digits(std::uint8_t byte);
/// The same in uppercase.
std::array<char, 2> upper_hex_digits(std::uint8_t byte);

/// Appends `count` bytes as lowercase digits.
void append_hex(std::string& out, const std::uint8_t* bytes, std::size_t count);
/// Appends `prefix` and the two lowercase digits of `byte`. With the prefix `\x` or `\u00` the result is an
/// escape.
void append_hex(std::string& out, std::string_view prefix, std::uint8_t byte);

/// Sixteen lowercase digits, with leading zeros.
std::string hex(std::uint64_t number);

/// The number that `digits` stand for, in either case. Empty for anything else, and for more than 64 bits.
std::optional<std::uint64_t> parse_hex(std::string_view digits);

}  // namespace sluice::text
