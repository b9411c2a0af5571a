#pragma once

#include <string>
#include <string_view>

namespace sluice::text {

/// Makes text from documents, servers and files safe for a line of a log or a terminal. Control characters
/// (C0, DEL, C1) are escaped as \n, \r, \t or by their number (\x1b, \u009b), and bytes that are not UTF-8 as
/// \xff. So the result cannot end the line, move the cursor or change colours. Everything else is unchanged,
/// including the backslash.
std::string printable(std::string_view text);

/// The same for text of several lines: newlines and tabs stay.
std::string printable_lines(std::string_view text);

/// The same for JSON that is shown to a person, with JSON's escapes (\u009b). Bytes that are not UTF-8 become
/// U+FFFD. Apart from such bytes `json` must be valid JSON; the result is valid JSON.
std::string printable_json(std::string_view json);

/// Whether printable(text) would leave `text` unchanged. Fast for ASCII.
bool is_printable(std::string_view text);

}  // namespace sluice::text
