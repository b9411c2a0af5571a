#pragma once

#include "language/values/term.hpp"

/// Conversion of values to text by the server. The texts are the same as those of bson::append_text
/// (docs/language.md, "Values as text"). None of these expressions fails on the server, whatever the value
/// is.
namespace sluice::language {

/// The value's text. Null for null, and for values that the server cannot convert to text: documents, lists,
/// binary data, regular expressions, code with a scope.
Term text_of(const Term& value);

/// The texts of all terms, concatenated. A term that text_of() gives null for adds nothing.
Term joined(const std::vector<Term>& terms);

/// For a text that is a result. If the server cannot convert one of its parts to text, the list of all parts;
/// otherwise the text.
std::string text_or_parts(const Term& text);

}  // namespace sluice::language
