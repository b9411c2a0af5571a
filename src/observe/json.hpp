#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sluice::observe {

/// Appends `text` as a JSON string, quotes included. Bytes that are not UTF-8 become U+FFFD, so that the
/// result is JSON whatever a server or a document put into a message.
void append_json(std::string& out, std::string_view text);

std::string json_text(std::string_view text);

/// How many bytes the UTF-8 character at `i` has; 0 where there is none.
std::size_t character_length(std::string_view text, std::size_t i);

}  // namespace sluice::observe
