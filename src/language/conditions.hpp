#pragma once

#include "language/compiled.hpp"
#include "language/error.hpp"
#include "sluice/bson.hpp"

namespace sluice::language {

/// Compiles conditions that are given as data. All of them must hold:
///
///     {stock: {falls_to: 5}, status: "open", "before.owner": {exists: true}}
///
/// A key is the path of a field after the change or, with the prefix `before.`, of a field before the change.
/// Its value is what the field must equal, or a map of operators (condition_operators.cpp). Instead of a
/// path, a key may be `all` or `any` (each with a list of conditions), `not` (with conditions) or `expr`
/// (with an aggregation expression). A missing field counts as null, and values of different types have no
/// order. Throws LanguageError, which names the field.
Compiled compile_conditions(bson::View conditions);

}  // namespace sluice::language
