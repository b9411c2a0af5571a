#pragma once

#include <string>

#include "language/values/term.hpp"
#include "sluice/bson.hpp"

namespace sluice::language {

/// Canonical Extended JSON of a value, except that 32-bit integers and texts are plain JSON. Throws
/// LanguageError if the value is not UTF-8 or nests too deeply.
std::string json_of(const bson::Value& value);

/// A term for a literal value, which the server must not interpret.
Term constant_term(const bson::Value& value);

}  // namespace sluice::language
