#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::text {

/// Which characters are escaped in a JSON string besides quotes, backslashes and those below U+0020, and how
/// bytes that are not UTF-8 are written.
enum class JsonEscape : std::uint8_t {
  terminal,  ///< DEL and C1 controls are escaped, since a terminal may obey them; invalid bytes: U+FFFD
  replace_invalid,  ///< nothing else is escaped; invalid bytes become U+FFFD
  keep_invalid,     ///< nothing else is escaped; invalid bytes stay, so the result may not be valid JSON
};

/// How many bytes at the front of `text` need no escape in a JSON string.
std::size_t json_plain_size(std::string_view text, JsonEscape escape);

/// The escape for the first character of a text.
struct JsonPiece {
  std::array<char, 6> bytes;
  std::uint8_t size;
  std::uint8_t taken;  ///< bytes of the text that it replaces

  std::string_view view() const { return {bytes.data(), size}; }
};
JsonPiece json_piece(std::string_view text, JsonEscape escape);

/// Appends `text`, escaped for use between the quotes of a JSON string. `Out` must have
/// append(std::string_view).
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

/// Appends `text` as a JSON string, with quotes. By default the result is safe to show on a terminal,
/// whatever a server or a document put into the text.
void append_json(std::string& out, std::string_view text, JsonEscape escape = JsonEscape::terminal);

std::string json_text(std::string_view text, JsonEscape escape = JsonEscape::terminal);

}  // namespace sluice::text
