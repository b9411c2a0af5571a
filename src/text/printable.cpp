#include "text/printable.hpp"

#include <algorithm>

#include "text/controls.hpp"
#include "text/hex.hpp"
#include "text/utf8.hpp"

namespace sluice::text {
namespace {

void append_escaped(std::string& out, char c) {
  switch (c) {
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
      append_hex(out, "\\x", static_cast<std::uint8_t>(c));
  }
}

std::string escaped(std::string_view text, std::string_view kept) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = character_size(text.substr(i));
    const std::string_view character = text.substr(i, std::max<std::size_t>(length, 1));
    if (length == 0) {
      append_hex(out, "\\x", static_cast<std::uint8_t>(text[i]));
    } else if (is_c1_control(character)) {
      append_hex(out, "\\u00", static_cast<std::uint8_t>(text[i + 1]));
    } else if (is_ascii_control(text[i]) && kept.find(text[i]) == std::string_view::npos) {
      append_escaped(out, text[i]);
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
    const std::size_t length = character_size(text.substr(i));
    if (length == 0 || is_ascii_control(text[i]) || is_c1_control(text.substr(i, length))) return false;
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
    const std::size_t length = character_size(json.substr(i));
    const std::string_view character = json.substr(i, std::max<std::size_t>(length, 1));
    if (length == 0) {
      out += replacement_character;
    } else if (is_c1_control(character)) {
      append_hex(out, "\\u00", static_cast<std::uint8_t>(json[i + 1]));
    } else if (json[i] == 0x7F) {
      append_hex(out, "\\u00", 0x7F);
    } else {
      out += character;  // valid JSON has no other control characters in strings
    }
    i += character.size();
  }
  return out;
}

}  // namespace sluice::text
