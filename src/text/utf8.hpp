#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::text {

/// U+FFFD, which replaces bytes that are not UTF-8 wherever text must be UTF-8.
inline constexpr std::string_view replacement_character = "\xEF\xBF\xBD";

/// The length in bytes of the UTF-8 character at the front of `text`; 0 if there is no valid one.
std::size_t character_size(std::string_view text);

/// Appends a code point (at most U+10FFFF) as UTF-8.
void append_utf8(std::string& out, std::uint32_t code_point);

/// The code point of one valid character.
std::uint32_t code_point(std::string_view character);

/// The number of characters in `text`, which must be UTF-8.
std::size_t character_count(std::string_view text);

/// `text` if it has at most `most_bytes` (3 or more); otherwise its beginning and "...", cut between two
/// characters.
std::string cut_to_bytes(std::string_view text, std::size_t most_bytes);

/// Whether all of `text` is valid UTF-8.
bool is_utf8(std::string_view text);

}  // namespace sluice::text
