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
/// - maps and lists are gone into; a key with dots in it is a path, so "a.b" and "a.c" make one map a;
/// - a map whose first key begins with $ is an aggregation expression, in which $NEW and $OLD name the
/// images. A field whose value is missing is left out. Throws LanguageError, which names the field.
Compiled compile_values(bson::View values);

/// One value of that kind, for those who set each field by itself. `field` is named in errors.
Compiled compile_value(const std::string& field, const bson::Value& value);

}  // namespace sluice::language
