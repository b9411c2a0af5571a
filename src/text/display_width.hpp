#pragma once

#include <cstddef>
#include <string>
#include <string_view>

/// The width of text on a terminal. A byte that is not valid UTF-8 counts as one column. The text must not
/// contain control characters (see text::printable).
namespace sluice::text {

/// The width in columns: 0 for a combining mark or an invisible character, 2 for a wide character (East Asian
/// scripts, emoji), otherwise 1.
std::size_t display_width(std::string_view text);

/// The longest start of a text that takes no more than `width` columns.
std::string_view cut(std::string_view text, std::size_t width);

/// `text`, shortened to `width` columns if it is wider: its beginning and its end with an ellipsis between
/// them.
std::string shortened(std::string_view text, std::size_t width);

/// `text`, padded with spaces at the end to `width` columns.
std::string left_aligned(std::string text, std::size_t width);

}  // namespace sluice::text
