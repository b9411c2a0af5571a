#pragma once

#include <string>

#include "language/values/term.hpp"
#include "sluice/bson.hpp"

namespace sluice::language {

/// An aggregation expression as its author wrote it, but for texts that begin with `$NEW` and `$OLD`, which
/// name the images. What it reads of them is added to `reads`. Throws LanguageError where it nests too
/// deeply.
std::string raw_expression(const bson::Value& value, Reads& reads);

}  // namespace sluice::language
