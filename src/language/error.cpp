#include "language/error.hpp"

#include <algorithm>

#include "text/utf8.hpp"

namespace sluice::language {

namespace {

/// Columns count characters, not bytes: that is what editors show.
std::string place_of(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, offset);
  const auto line = 1 + std::ranges::count(before, '\n');
  const std::string_view in_line = before.substr(before.rfind('\n') + 1);
  const auto column = 1 + text::character_count(in_line);
  return "line " + std::to_string(line) + ", column " + std::to_string(column) + ": ";
}

}  // namespace

LanguageError::LanguageError(const std::string& reason) : std::runtime_error(reason) {}

LanguageError::LanguageError(std::string_view text, std::size_t offset, const std::string& reason)
    : std::runtime_error(place_of(text, offset) + reason),
      offset_(offset),
      place_size_(place_of(text, offset).size()) {}

}  // namespace sluice::language
