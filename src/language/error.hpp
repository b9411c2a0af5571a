#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>

namespace sluice::language {

/// A text or a condition that cannot be compiled. For a text, what() begins with `line 1, column 8: `. The
/// message is written for the person who has to correct the text.
class LanguageError : public std::runtime_error {
 public:
  /// For conditions or values that are given as data: `reason` names the field.
  explicit LanguageError(const std::string& reason);
  /// For the place `offset` (in bytes) of `text`.
  LanguageError(std::string_view text, std::size_t offset, const std::string& reason);

  std::size_t offset() const { return offset_; }
  bool has_place() const { return place_size_ > 0; }
  /// what() without the place.
  std::string reason() const { return std::string(what()).substr(place_size_); }

 private:
  std::size_t offset_ = 0;
  std::size_t place_size_ = 0;
};

}  // namespace sluice::language
