#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sluice::language {

/// A regular expression (with the option s) that matches the texts that a pattern of LIKE does: % is any
/// text, _ any one letter, everything else is itself, and so is what stands behind `escape` (0: none).
/// Nothing where `escape` stands before anything but %, _ and itself.
///
/// What stands between two % is looked for once, from the left, and never again: no text takes the server
/// longer than its length times the pattern's.
std::optional<std::string> like_regex(std::string_view pattern, char escape);

}  // namespace sluice::language
