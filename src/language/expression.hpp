#pragma once

#include <cstddef>
#include <string_view>

#include "language/compiled.hpp"
#include "language/error.hpp"

namespace sluice::language {

/// The longest text that is compiled.
inline constexpr std::size_t most_expression_bytes = 16 << 10;

/// Compiles a text such as `NEW.total > 100 AND NEW.status <> OLD.status` to an aggregation expression over
/// the change event. docs/language.md describes the language. The compiled expression does not fail on the
/// server because of a value's type, and never orders values of different types. Throws LanguageError.
Compiled compile_expression(std::string_view text);

}  // namespace sluice::language
