#include "cli/display_width.hpp"

#include <algorithm>
#include <array>

#include "bson/utf8.hpp"

namespace sluice::cli {

namespace {

struct Range {
  char32_t first;
  char32_t last;
};

/// Combining marks, joiners and variation selectors.
constexpr std::array<Range, 14> no_width{{{0x0300, 0x036F},
                                          {0x0483, 0x0489},
                                          {0x0591, 0x05BD},
                                          {0x0610, 0x061A},
                                          {0x064B, 0x065F},
                                          {0x0E31, 0x0E31},
                                          {0x0E34, 0x0E3A},
                                          {0x0E47, 0x0E4E},
                                          {0x1AB0, 0x1AFF},
                                          {0x1DC0, 0x1DFF},
                                          {0x200B, 0x200F},
                                          {0x20D0, 0x20FF},
                                          {0xFE00, 0xFE0F},
                                          {0xFE20, 0xFE2F}}};

/// Characters that Unicode calls wide or full-width.
constexpr std::array<Range, 12> two_columns{{{0x1100, 0x115F},
                                             {0x2E80, 0x303E},
                                             {0x3041, 0x33FF},
                                             {0x3400, 0x4DBF},
                                             {0x4E00, 0x9FFF},
                                             {0xA000, 0xA4CF},
                                             {0xAC00, 0xD7A3},
                                             {0xF900, 0xFAFF},
                                             {0xFE30, 0xFE6F},
                                             {0xFF00, 0xFF60},
                                             {0x1F300, 0x1FAFF},
                                             {0x20000, 0x3FFFD}}};

template <std::size_t Count>
bool among(const std::array<Range, Count>& ranges, char32_t character) {
  return std::ranges::any_of(ranges, [character](const Range& range) {
    return character >= range.first && character <= range.last;
  });
}

char32_t code_point(std::string_view character) {
  constexpr std::array<unsigned char, 5> kept_of_first{0, 0x7F, 0x1F, 0x0F, 0x07};
  char32_t code = static_cast<unsigned char>(character[0]) & kept_of_first[character.size()];
  for (const char c : character.substr(1)) code = code << 6 | (static_cast<unsigned char>(c) & 0x3F);
  return code;
}

struct Character {
  std::size_t bytes;
  std::size_t columns;
};

Character first_of(std::string_view text) {
  const std::size_t bytes = bson::character_size(text);
  if (bytes == 0 || bytes > 4) return {1, 1};
  const char32_t code = code_point(text.substr(0, bytes));
  return {bytes, among(no_width, code) ? 0U : among(two_columns, code) ? 2U : 1U};
}

/// The longest end of a text that takes no more than `width` columns.
std::string_view end_of(std::string_view text, std::size_t width) {
  for (std::size_t columns = display_width(text); columns > width;) {
    const Character first = first_of(text);
    columns -= first.columns;
    text.remove_prefix(first.bytes);
  }
  // A mark that belonged to the character before is of no use.
  while (!text.empty() && first_of(text).columns == 0) text.remove_prefix(first_of(text).bytes);
  return text;
}

}  // namespace

std::size_t display_width(std::string_view text) {
  std::size_t columns = 0;
  while (!text.empty()) {
    const Character first = first_of(text);
    columns += first.columns;
    text.remove_prefix(first.bytes);
  }
  return columns;
}

std::string_view cut(std::string_view text, std::size_t width) {
  std::size_t bytes = 0;
  for (std::size_t columns = 0; bytes < text.size();) {
    const Character next = first_of(text.substr(bytes));
    columns += next.columns;
    if (columns > width) break;
    bytes += next.bytes;
  }
  return text.substr(0, bytes);
}

std::string shortened(std::string_view text, std::size_t width) {
  if (display_width(text) <= width) return std::string(text);
  if (width == 0) return {};
  const std::string_view start = cut(text, width / 2);
  const std::string_view end = end_of(text, width - 1 - display_width(start));
  return std::string(start) + "\u2026" + std::string(end);
}

}  // namespace sluice::cli
