#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "language/values/term.hpp"

namespace sluice::language {

/// A regular expression (with the option s) that matches the texts that a pattern of LIKE does: % is any
/// text, _ any one letter, everything else is itself, and so is what stands behind `escape` (0: none).
/// Nothing where `escape` stands before anything but %, _ and itself.
///
/// What stands between two % is looked for once, from the left, and never again: no text takes the server
/// longer than its length times the pattern's.
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
