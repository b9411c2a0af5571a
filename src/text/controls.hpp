#pragma once

#include <string_view>

namespace sluice::text {

/// U+0000 to U+001F and DEL.
inline bool is_ascii_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte == 0x7F;
}

/// Whether a UTF-8 character is one of U+0080 to U+009F. Some terminals treat U+009B as the beginning of an
/// escape sequence.
inline bool is_c1_control(std::string_view character) {
  return character.size() == 2 && character[0] == '\xC2' && static_cast<unsigned char>(character[1]) < 0xA0;
}

}  // namespace sluice::text
