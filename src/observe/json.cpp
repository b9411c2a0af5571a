#include "observe/json.hpp"

namespace sluice::observe {
namespace {

unsigned char byte_at(std::string_view text, std::size_t i) {
  return static_cast<unsigned char>(text[i]);
}

bool between(unsigned char byte, int least, int most) {
  return byte >= least && byte <= most;
}

/// What may follow a lead byte: the second byte's range shuts out overlong forms, surrogates and what lies
/// beyond U+10FFFF (Unicode 15, table 3-7).
struct Sequence {
  std::size_t length;
  int second_least;
  int second_most;
};

Sequence sequence_of(unsigned char lead) {
  if (lead < 0x80) return {1, 0, 0};
  if (between(lead, 0xC2, 0xDF)) return {2, 0x80, 0xBF};
  if (lead == 0xE0) return {3, 0xA0, 0xBF};
  if (lead == 0xED) return {3, 0x80, 0x9F};
  if (between(lead, 0xE1, 0xEF)) return {3, 0x80, 0xBF};
  if (lead == 0xF0) return {4, 0x90, 0xBF};
  if (between(lead, 0xF1, 0xF3)) return {4, 0x80, 0xBF};
  if (lead == 0xF4) return {4, 0x80, 0x8F};
  return {0, 0, 0};
}

}  // namespace

std::size_t character_length(std::string_view text, std::size_t i) {
  const Sequence sequence = sequence_of(byte_at(text, i));
  if (sequence.length <= 1) return sequence.length;
  if (i + sequence.length > text.size()) return 0;
  if (!between(byte_at(text, i + 1), sequence.second_least, sequence.second_most)) return 0;
  for (std::size_t k = 2; k < sequence.length; ++k) {
    if (!between(byte_at(text, i + k), 0x80, 0xBF)) return 0;
  }
  return sequence.length;
}

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
    const std::size_t length = character_length(text, i);
    if (length == 1) {
      append_ascii(out, text[i]);
    } else if (length == 0) {
      out += "\xEF\xBF\xBD";
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

}  // namespace sluice::observe
