#pragma once

#include <string>

#include "language/values/term.hpp"
#include "sluice/bson.hpp"

namespace sluice::language {

/// Takes an aggregation expression as its author wrote it, except that texts which begin with `$NEW` and
/// `$OLD` refer to the images. The fields that it reads are added to `reads`. Throws LanguageError if it
/// nests too deeply.
std::string raw_expression(const bson::Value& value, Reads& reads);

}  // namespace sluice::language
