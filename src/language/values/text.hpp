#pragma once

#include "language/values/term.hpp"

/// Converts values to text on the server. The texts equal those of bson::append_text (docs/language.md,
/// "Values as text"). The conversion never fails, whatever the value is.
namespace sluice::language {

/// The value's text; null for null, and for values that the server cannot convert: documents, lists, binary
/// data, regular expressions, and code with a scope.
Term text_of(const Term& value);

/// All values as texts, joined; a value that text_of cannot convert becomes empty.
Term joined(const std::vector<Term>& terms);

/// A text as a final result: if the server cannot convert one of its parts, the list of all parts.
std::string text_or_parts(const Term& text);

}  // namespace sluice::language
