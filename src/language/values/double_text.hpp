#pragma once

#include "language/values/term.hpp"

namespace sluice::language {

/// The text of a double, equal to that of bson::append_number. `value` must be a double and plain.
Term double_text(const Term& value);

}  // namespace sluice::language
