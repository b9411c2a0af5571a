#include "text/printable.hpp"

#include <algorithm>

#include "text/utf8.hpp"

namespace sluice::text {
namespace {

bool is_ascii_control(unsigned char byte) {
  return byte < 0x20 || byte == 0x7F;
}

/// U+0080 to U+009F: some terminals take U+009B for the beginning of an escape sequence.
bool is_c1(std::string_view character) {
  return character.size() == 2 && byte_at(character, 0) == 0xC2 && byte_at(character, 1) < 0xA0;
}

void append_number(std::string& out, std::string_view prefix, unsigned char number) {
  constexpr std::string_view digits = "0123456789abcdef";
  out += prefix;
  out += digits[number >> 4];
  out += digits[number & 0xF];
}

void append_escaped(std::string& out, unsigned char byte) {
  switch (byte) {
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
      append_number(out, "\\x", byte);
  }
}

std::string escaped(std::string_view text, std::string_view kept) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = text::character_size(text.substr(i));
    const std::string_view character = text.substr(i, std::max<std::size_t>(length, 1));
    const unsigned char first = byte_at(text, i);
    if (length == 0) {
      append_number(out, "\\x", first);
    } else if (is_c1(character)) {
      append_number(out, "\\u00", byte_at(text, i + 1));
    } else if (is_ascii_control(first) && kept.find(text[i]) == std::string_view::npos) {
      append_escaped(out, first);
    } else {
      out += character;
    }
    i += character.size();
  }
  return out;
}

}  // namespace

bool is_printable(std::string_view text) {
  const auto plain = [](char c) { return c >= 0x20 && c < 0x7F; };
  if (std::ranges::all_of(text, plain)) return true;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = text::character_size(text.substr(i));
    if (length == 0 || is_ascii_control(byte_at(text, i)) || is_c1(text.substr(i, length))) return false;
    i += length;
  }
  return true;
}

std::string printable(std::string_view text) {
  return escaped(text, {});
}

std::string printable_lines(std::string_view text) {
  return escaped(text, "\n\t");
}

std::string printable_json(std::string_view json) {
  std::string out;
  out.reserve(json.size());
  for (std::size_t i = 0; i < json.size();) {
    const std::size_t length = text::character_size(json.substr(i));
    const std::string_view character = json.substr(i, std::max<std::size_t>(length, 1));
    if (length == 0) {
      out += text::replacement_character;
    } else if (is_c1(character)) {
      append_number(out, "\\u00", byte_at(json, i + 1));
    } else if (json[i] == 0x7F) {
      append_number(out, "\\u00", 0x7F);
    } else {
      out += character;  // others below U+0020 stand in no string of valid JSON
    }
    i += character.size();
  }
  return out;
}

}  // namespace sluice::text
