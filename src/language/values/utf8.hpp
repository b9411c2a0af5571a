#pragma once

#include "language/values/term.hpp"

namespace sluice::language {

/// Whether a text is valid UTF-8; on any other text, the server's regular expressions fail. False for null.
/// `value` must be a text or null, in plain form.
Term is_utf8(const Term& value);

}  // namespace sluice::language
