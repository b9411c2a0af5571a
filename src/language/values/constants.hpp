#pragma once

#include <string>

#include "language/values/term.hpp"
#include "sluice/bson.hpp"

namespace sluice::language {

/// The value in canonical Extended JSON, except that 32-bit integers and doubles are plain JSON numbers where
/// possible. Throws LanguageError for text that is not UTF-8, and for a value that is nested too deeply.
std::string json_of(const bson::Value& value);

/// A constant term for the value, even if the value looks like a path or an operator.
Term constant_term(const bson::Value& value);

}  // namespace sluice::language
