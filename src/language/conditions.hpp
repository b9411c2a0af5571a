#pragma once

#include "language/compiled.hpp"
#include "language/error.hpp"
#include "sluice/bson.hpp"

namespace sluice::language {

/// Compiles conditions that are stated as data, all of which must hold:
///
///     {stock: {falls_to: 5}, status: "open", "before.owner": {exists: true}}
///
/// A key is the path of a field after the change, or behind `before.` of one before it; its value is what the
/// field equals, or a map of operators (condition_operators.cpp). `all`, `any` (lists of conditions), `not`
/// (conditions) and `expr` (an aggregation expression) take the place of a path. Null is what is null or
/// missing, and no order holds between values of different types. Throws LanguageError, which names the
/// field.
Compiled compile_conditions(bson::View conditions);

}  // namespace sluice::language
