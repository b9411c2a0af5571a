#pragma once

#include <string>
#include <string_view>

namespace sluice::text {

/// Text from documents, servers and files, made safe for a line of a log or a terminal: control characters
/// (C0, DEL, C1) are escaped as \n, \r, \t or by their number (\x1b, \u009b), bytes that are not UTF-8 by
/// theirs (\xff). What is left cannot end the line, move the cursor or colour what follows. Everything else
/// stays as it is, the backslash included.
std::string printable(std::string_view text);

/// The same for text of several lines: newlines and tabs stay.
std::string printable_lines(std::string_view text);

/// The same for JSON that is shown to a person, with the escapes of JSON (\u009b). Bytes that are not UTF-8
/// become U+FFFD. `json` is valid but for such bytes, and stays so.
std::string printable_json(std::string_view json);

/// Whether printable(text) is `text`. Quick for ASCII.
bool is_printable(std::string_view text);

}  // namespace sluice::text
