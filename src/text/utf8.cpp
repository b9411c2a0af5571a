#include "text/utf8.hpp"

namespace sluice::text {

namespace {

bool continues(unsigned char c) {
  return (c & 0xC0) == 0x80;
}

}  // namespace

std::size_t character_size(std::string_view text) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(i < text.size() ? text[i] : '\0'); };
  if (text.empty()) return 0;
  const unsigned char first = at(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return continues(at(1)) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const bool too_long = first == 0xE0 && at(1) < 0xA0;
    const bool surrogate = first == 0xED && at(1) > 0x9F;
    return continues(at(1)) && continues(at(2)) && !too_long && !surrogate ? 3 : 0;
  }
  if (first < 0xF0 || first > 0xF4) return 0;
  const bool too_long = first == 0xF0 && at(1) < 0x90;
  const bool too_high = first == 0xF4 && at(1) > 0x8F;
  return continues(at(1)) && continues(at(2)) && continues(at(3)) && !too_long && !too_high ? 4 : 0;
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t size = character_size(text);
    if (size == 0) return false;
    text.remove_prefix(size);
  }
  return true;
}

}  // namespace sluice::text
