#pragma once

#include <string>

#include "language/compiled.hpp"
#include "language/error.hpp"
#include "sluice/bson.hpp"

namespace sluice::language {

/// Compiles the fields of a new document, e.g. {user: "NEW.userId", "about.title": "'Order ' || NEW.number"},
/// to an expression that makes the document:
/// - a text is an expression of the language (a constant text is "'text'");
/// - numbers, true, false, null and all other scalars are constants;
/// - in maps and lists, each entry is compiled; a key with dots is a path, so "a.b" and "a.c" make one map a;
/// - a map whose first key begins with $ is an aggregation expression, in which $NEW and $OLD are the images.
///
/// A field whose value is missing is left out. Throws LanguageError, which names the field.
Compiled compile_values(bson::View values);

/// Compiles one such value, for callers that set each field separately. Errors name `field`.
Compiled compile_value(const std::string& field, const bson::Value& value);

}  // namespace sluice::language
