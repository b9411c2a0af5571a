#pragma once

#include <string>

#include "language/values/term.hpp"
#include "sluice/bson.hpp"

namespace sluice::language {

/// An aggregation expression as its author wrote it, except that texts that begin with `$NEW` or `$OLD`
/// become paths in the images. Adds the paths that it reads to `reads`. Throws LanguageError if it is nested
/// too deeply.
std::string raw_expression(const bson::Value& value, Reads& reads);

}  // namespace sluice::language
