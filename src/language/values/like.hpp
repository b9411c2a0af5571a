#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "language/values/term.hpp"

namespace sluice::language {

/// A regular expression (with the option s) that matches the same texts as a LIKE pattern: % is any text, _
/// is any one character, and everything else is itself, as is a character after `escape` (0: no escape).
/// Absent if `escape` precedes anything but %, _ or itself.
///
/// Each piece between two % is matched at its first occurrence, from the left, without backtracking. So
/// matching takes the server at most the text's length times the pattern's length.
std::optional<std::string> like_regex(std::string_view pattern, char escape);

/// The pieces of a pattern between its %. Absent if the pattern has a _ that stands for any character. The
/// pattern must use `escape` correctly.
std::optional<std::vector<std::string>> like_pieces(std::string_view pattern, char escape);

/// Whether `value` is a text that matches the LIKE pattern. Absent if the pattern uses `escape` incorrectly.
///
/// Without _, the pieces are searched for byte by byte, in texts of any length. With _, a regular expression
/// is needed. The server fails if a text is not UTF-8 or if matching takes too many steps. So texts that are
/// not UTF-8 and texts of more than 50,000 bytes do not match a pattern with _.
std::optional<Term> like(const Term& value, std::string_view pattern, char escape);

}  // namespace sluice::language
