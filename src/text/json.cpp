#include "text/json.hpp"

#include "text/utf8.hpp"

namespace sluice::text {
namespace {

void append_control(std::string& out, unsigned char byte) {
  constexpr std::string_view digits = "0123456789abcdef";
  out += "\\u00";
  out += digits[byte >> 4];
  out += digits[byte & 0xF];
}

void append_ascii(std::string& out, char c) {
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
        append_control(out, static_cast<unsigned char>(c));
      } else {
        out += c;
      }
  }
}

}  // namespace

void append_json(std::string& out, std::string_view text) {
  out += '"';
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = text::character_size(text.substr(i));
    if (length == 1) {
      append_ascii(out, text[i]);
    } else if (length == 0) {
      out += text::replacement_character;
    } else if (length == 2 && byte_at(text, i) == 0xC2 && byte_at(text, i + 1) < 0xA0) {
      append_control(out, byte_at(text, i + 1));  // C1: a terminal may take it for an escape sequence
    } else {
      out += text.substr(i, length);
    }
    i += length == 0 ? 1 : length;
  }
  out += '"';
}

std::string json_text(std::string_view text) {
  std::string out;
  append_json(out, text);
  return out;
}

}  // namespace sluice::text
