#pragma once

#include <cstddef>
#include <string_view>

namespace sluice::bson {

/// What stands for bytes that are not UTF-8 wherever a text has to be UTF-8: U+FFFD.
inline constexpr std::string_view replacement_character = "\xEF\xBF\xBD";

/// How many bytes the character at the front of `text` has; 0 where there is none of UTF-8's.
std::size_t character_size(std::string_view text);

bool is_utf8(std::string_view text);

}  // namespace sluice::bson
