#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "language/values/term.hpp"

namespace sluice::language {

/// A regular expression (with the option s) that matches the same texts as a pattern of LIKE: % matches any
/// text, _ any single character, and everything else itself, as does a character after `escape` (0: none).
/// Nothing if `escape` precedes anything but %, _ and itself.
///
/// Each piece between two % is searched for once, from the left, without backtracking. So the server's time
/// is limited by the product of the lengths of text and pattern.
std::optional<std::string> like_regex(std::string_view pattern, char escape);

/// The pieces between the % of a pattern; nothing if it contains a _ that means any character. `escape` must
/// be used correctly.
std::optional<std::vector<std::string>> like_pieces(std::string_view pattern, char escape);

/// Whether a text matches a pattern; false for values that are not texts. Nothing if `escape` is not used
/// correctly.
///
/// Without _, the pieces are searched for as bytes, in texts of any length. With _, a regular expression is
/// needed. The server fails on one if a text is not UTF-8, or if it takes too many steps: such texts, and
/// those of more than 50,000 bytes, never match.
std::optional<Term> like(const Term& value, std::string_view pattern, char escape);

}  // namespace sluice::language
