#pragma once

#include <cstddef>
#include <string>
#include <string_view>

/// How much room a text takes on a terminal. Bytes that are not UTF-8 count as one column each; there
/// are no control characters in it (see observe::printable).
namespace sluice::text {

/// In columns: none for a combining mark or an invisible character, two for a wide character (East Asian
/// scripts, emoji), else one.
std::size_t display_width(std::string_view text);

/// The longest start of a text that takes no more than `width` columns.
std::string_view cut(std::string_view text, std::size_t width);

/// The text, or where it is wider than `width` its start and its end with an ellipsis between.
std::string shortened(std::string_view text, std::size_t width);

/// The text with spaces behind it up to `width` columns.
std::string left_aligned(std::string text, std::size_t width);

}  // namespace sluice::text
