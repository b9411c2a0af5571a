#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::text {

/// What is escaped in a JSON string besides quotes, backslashes and the characters below U+0020, and what
/// becomes of bytes that are not UTF-8.
enum class JsonEscape : std::uint8_t {
  terminal,         ///< DEL and C1 controls are escaped, for a terminal may obey them; invalid bytes: U+FFFD
  replace_invalid,  ///< nothing else is escaped; invalid bytes become U+FFFD
  keep_invalid,     ///< nothing else is escaped; invalid bytes stay, and the result is not quite JSON
};

/// The bytes at the front of `text` that stand in a JSON string as they are.
std::size_t json_plain_size(std::string_view text, JsonEscape escape);

/// What stands for the first character of a text when it is escaped.
struct JsonPiece {
  std::array<char, 6> bytes;
  std::uint8_t size;
  std::uint8_t taken;  ///< bytes of the text that it stands for

  std::string_view view() const { return {bytes.data(), size}; }
};
JsonPiece json_piece(std::string_view text, JsonEscape escape);

/// Appends `text` as it stands between the quotes of a JSON string. `Out` has append(std::string_view).
template <typename Out>
void append_json_escaped(Out& out, std::string_view text, JsonEscape escape) {
  while (!text.empty()) {
    const std::size_t plain = json_plain_size(text, escape);
    out.append(text.substr(0, plain));
    text.remove_prefix(plain);
    if (text.empty()) return;
    const JsonPiece piece = json_piece(text, escape);
    out.append(piece.view());
    text.remove_prefix(piece.taken);
  }
}

/// Appends `text` as a JSON string, quotes included. By default the result is JSON that can be shown on a
/// terminal, whatever a server or a document put into a message.
void append_json(std::string& out, std::string_view text, JsonEscape escape = JsonEscape::terminal);

std::string json_text(std::string_view text, JsonEscape escape = JsonEscape::terminal);

}  // namespace sluice::text
