#pragma once

#include "language/values/term.hpp"

namespace sluice::language {

/// Whether a text is UTF-8, which the server's regular expressions fail without. False for null. `value` is a
/// text or null, and plain.
Term is_utf8(const Term& value);

}  // namespace sluice::language
