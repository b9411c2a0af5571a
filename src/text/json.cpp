#include "text/json.hpp"

#include <algorithm>

#include "text/controls.hpp"
#include "text/hex.hpp"
#include "text/utf8.hpp"

namespace sluice::text {
namespace {

bool is_plain_ascii(char c) {
  return c >= 0x20 && c < 0x7F && c != '"' && c != '\\';
}

/// The letter of a character's short escape (\n and the like); 0 if there is none.
char short_escape(char c) {
  switch (c) {
    case '"':
    case '\\':
      return c;
    case '\b':
      return 'b';
    case '\f':
      return 'f';
    case '\n':
      return 'n';
    case '\r':
      return 'r';
    case '\t':
      return 't';
    default:
      return 0;
  }
}

JsonPiece as_it_is(std::string_view bytes, std::size_t taken) {
  JsonPiece piece{{}, static_cast<std::uint8_t>(bytes.size()), static_cast<std::uint8_t>(taken)};
  std::ranges::copy(bytes, piece.bytes.begin());
  return piece;
}

/// The escape \u00xx of a code point below U+0100.
JsonPiece by_number(char code_point, std::uint8_t taken) {
  const auto digits = hex_digits(static_cast<std::uint8_t>(code_point));
  return {{'\\', 'u', '0', '0', digits[0], digits[1]}, 6, taken};
}

}  // namespace

std::size_t json_plain_size(std::string_view text, JsonEscape escape) {
  const bool terminal = escape == JsonEscape::terminal;
  std::size_t size = 0;
  while (size < text.size()) {
    const char c = text[size];
    if (is_plain_ascii(c) || (c == 0x7F && !terminal)) {
      ++size;
      continue;
    }
    if (static_cast<unsigned char>(c) < 0x80) break;
    const std::size_t length = character_size(text.substr(size));
    if (length == 0 || (terminal && is_c1_control(text.substr(size, length)))) break;
    size += length;
  }
  return size;
}

JsonPiece json_piece(std::string_view text, JsonEscape escape) {
  const std::size_t length = character_size(text);
  if (length == 0)
    return as_it_is(escape == JsonEscape::keep_invalid ? text.substr(0, 1) : replacement_character, 1);
  if (length == 2 && escape == JsonEscape::terminal && is_c1_control(text.substr(0, 2)))
    return by_number(text[1], 2);
  if (length > 1) return as_it_is(text.substr(0, length), length);
  const char c = text.front();
  if (const char letter = short_escape(c); letter != 0) return {{'\\', letter}, 2, 1};
  const bool escaped = is_ascii_control(c) && (c != 0x7F || escape == JsonEscape::terminal);
  return escaped ? by_number(c, 1) : as_it_is(text.substr(0, 1), 1);
}

void append_json(std::string& out, std::string_view text, JsonEscape escape) {
  out += '"';
  append_json_escaped(out, text, escape);
  out += '"';
}

std::string json_text(std::string_view text, JsonEscape escape) {
  std::string out;
  append_json(out, text, escape);
  return out;
}

}  // namespace sluice::text
