#pragma once

#include <string>

#include "language/values/term.hpp"
#include "sluice/bson.hpp"

namespace sluice::language {

/// Canonical Extended JSON of a value; whole numbers of 32 bits and texts as JSON has them. Throws
/// LanguageError for what is not UTF-8, or nests too deeply.
std::string json_of(const bson::Value& value);

/// A value that stands for itself, whatever it looks like.
Term constant_term(const bson::Value& value);

}  // namespace sluice::language
