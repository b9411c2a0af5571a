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

/// What stands between the % of a pattern; nothing where it has a _ that is any letter. `escape` is used
/// well.
std::optional<std::vector<std::string>> like_pieces(std::string_view pattern, char escape);

/// Whether a text is like a pattern; false for what is no text. Nothing where `escape` is not used well.
///
/// Without _ the pieces are looked for byte by byte, in texts of any length. With _ it takes a regular
/// expression, which the server fails on where a text is not UTF-8 or takes it too many steps: those, and
/// texts of more than 50,000 bytes, match none.
std::optional<Term> like(const Term& value, std::string_view pattern, char escape);

}  // namespace sluice::language
