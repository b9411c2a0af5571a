#pragma once

#include <string>
#include <string_view>

namespace sluice::text {

/// Appends `text` as a JSON string, quotes included. Bytes that are not UTF-8 become U+FFFD, so that the
/// result is JSON whatever a server or a document put into a message.
void append_json(std::string& out, std::string_view text);

std::string json_text(std::string_view text);

}  // namespace sluice::text
