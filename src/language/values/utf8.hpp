#pragma once

#include "language/values/term.hpp"

namespace sluice::language {

/// Whether a text is UTF-8; the server's regular expressions fail on other texts. False for null. `value`
/// must be a text or null, and plain.
Term is_utf8(const Term& value);

}  // namespace sluice::language
