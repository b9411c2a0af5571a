#pragma once

#include "language/compiled.hpp"
#include "language/error.hpp"
#include "sluice/bson.hpp"

namespace sluice::language {

/// Compiles conditions that are written as data, all of which must hold:
///
///     {stock: {falls_to: 5}, status: "open", "before.owner": {exists: true}}
///
/// A key is the path of a field after the change or, with the prefix `before.`, before it. Its value is the
/// value that the field must equal, or a map of operators (condition_operators.cpp). `all`, `any` (lists of
/// conditions), `not` (conditions) and `expr` (an aggregation expression) may be used instead of a path. Null
/// equals null and missing fields; values of different types are never less or greater than each other.
/// Throws LanguageError, which names the field.
Compiled compile_conditions(bson::View conditions);

}  // namespace sluice::language
