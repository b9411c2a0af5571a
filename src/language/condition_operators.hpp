#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "language/values/term.hpp"
#include "sluice/bson.hpp"

namespace sluice::language {

/// The field that a condition is about.
struct ConditionField {
  std::string path;  ///< as stated, for messages
  std::vector<std::string> names;
  Image image = Image::after;
  Reads* reads = nullptr;

  /// The field in `image`.
  Term value() const { return field_term(image, names, *reads); }
  Term before() const { return field_term(Image::before, names, *reads); }
  Term after() const { return field_term(Image::after, names, *reads); }
  [[noreturn]] void fail(const std::string& reason) const;
};

/// Compiles `field: {name: operand}`. Throws LanguageError for an unknown operator, or for an operand that
/// the operator does not take.
Term condition(const ConditionField& field, std::string_view name, const bson::Value& operand);

}  // namespace sluice::language
