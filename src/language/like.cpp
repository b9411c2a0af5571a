#include "language/like.hpp"

#include <vector>

namespace sluice::language {

namespace {

void append_itself(std::string& regex, char c) {
  static constexpr char digits[] = "0123456789ABCDEF";
  const auto byte = static_cast<unsigned char>(c);
  const bool plain =
      (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || byte >= 0x80;
  if (plain) {
    regex += c;
  } else {
    regex += {'\\', 'x', digits[byte >> 4], digits[byte & 15]};
  }
}

/// The pieces between the %.
std::optional<std::vector<std::string>> pieces_of(std::string_view pattern, char escape) {
  std::vector<std::string> pieces(1);
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const bool escaped = escape != '\0' && pattern[i] == escape;
    if (escaped && ++i == pattern.size()) return std::nullopt;
    const char c = pattern[i];
    if (escaped && c != '%' && c != '_' && c != escape) return std::nullopt;
    if (!escaped && c == '%') {
      pieces.emplace_back();
    } else if (!escaped && c == '_') {
      pieces.back() += '.';
    } else {
      append_itself(pieces.back(), c);
    }
  }
  return pieces;
}

}  // namespace

std::optional<std::string> like_regex(std::string_view pattern, char escape) {
  const auto pieces = pieces_of(pattern, escape);
  if (!pieces) return std::nullopt;
  std::string regex = "^" + pieces->front();
  for (std::size_t i = 1; i + 1 < pieces->size(); ++i) {
    if (!(*pieces)[i].empty()) regex += "(?>.*?" + (*pieces)[i] + ")";
  }
  if (pieces->size() == 1) return regex + "\\z";
  if (pieces->back().empty()) return regex;
  return regex + ".*" + pieces->back() + "\\z";
}

}  // namespace sluice::language
