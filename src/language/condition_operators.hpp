#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "language/values/term.hpp"
#include "sluice/bson.hpp"

namespace sluice::language {

/// The field of a condition.
struct ConditionField {
  std::string path;  ///< as it was written, for messages
  std::vector<std::string> names;
  Image image = Image::after;
  Reads* reads = nullptr;

  /// The field in the image that the condition names.
  Term value() const { return field_term(image, names, *reads); }
  Term before() const { return field_term(Image::before, names, *reads); }
  Term after() const { return field_term(Image::after, names, *reads); }
  [[noreturn]] void fail(const std::string& reason) const;
};

/// Compiles `field: {name: operand}`. Throws LanguageError for an unknown operator, or an operand that it
/// does not accept.
Term condition(const ConditionField& field, std::string_view name, const bson::Value& operand);

}  // namespace sluice::language
