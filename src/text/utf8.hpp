#pragma once

#include <cstddef>
#include <string_view>

namespace sluice::text {

/// U+FFFD, which takes the place of bytes that are not UTF-8 wherever a text has to be UTF-8.
inline constexpr std::string_view replacement_character = "\xEF\xBF\xBD";

inline unsigned char byte_at(std::string_view text, std::size_t i) {
  return static_cast<unsigned char>(text[i]);
}

/// The length in bytes of the UTF-8 character at the front of `text`; 0 where no valid one starts there.
std::size_t character_size(std::string_view text);

/// Whether all of `text` is valid UTF-8.
bool is_utf8(std::string_view text);

}  // namespace sluice::text
