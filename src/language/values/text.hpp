#pragma once

#include "language/values/term.hpp"

/// Values as text, made by the server: the same texts as bson::append_text makes (docs/language.md, "Values
/// as text"). None of these fails on the server, whatever the value is.
namespace sluice::language {

/// The value's text; null for null and for what the server has no text of: documents, lists, binary data,
/// regular expressions, code with a scope.
Term text_of(const Term& value);

/// All as texts, one behind the other; what text_of has no text of is empty.
Term joined(const std::vector<Term>& terms);

/// A text that is a result: where one of its parts has no text on the server, the list of all parts.
std::string text_or_parts(const Term& text);

}  // namespace sluice::language
