#pragma once

#include <string>

#include "language/compiled.hpp"
#include "language/error.hpp"
#include "sluice/bson.hpp"

namespace sluice::language {

/// Compiles the fields of a new document, e.g. {user: "NEW.userId", "about.title": "'Order ' || NEW.number"},
/// to the expression of that document:
/// - a text is an expression of the language (a constant text is "'text'");
/// - numbers, true, false, null and all other scalars stand for themselves;
/// - maps and lists are compiled recursively; a key with dots is a path, so "a.b" and "a.c" make one map a;
/// - a map whose first key begins with $ is an aggregation expression, in which $NEW and $OLD name the
/// images. A field whose value is missing is left out. Throws LanguageError, which names the field.
Compiled compile_values(bson::View values);

/// Compiles one such value, for callers that set each field separately. Errors name `field`.
Compiled compile_value(const std::string& field, const bson::Value& value);

}  // namespace sluice::language
