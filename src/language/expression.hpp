#pragma once

#include <cstddef>
#include <string_view>

#include "language/compiled.hpp"
#include "language/error.hpp"

namespace sluice::language {

/// The maximum length of a text.
inline constexpr std::size_t most_expression_bytes = 16 << 10;

/// Compiles a text such as `NEW.total > 100 AND NEW.status <> OLD.status` to an aggregation expression over
/// the change event. The language is described in docs/language.md. The expression never fails on the server
/// because of a value's type, and never orders values of different types. Throws LanguageError.
Compiled compile_expression(std::string_view text);

}  // namespace sluice::language
