#pragma once

#include "language/values/term.hpp"

namespace sluice::language {

/// The same text of a double as bson::append_number writes. `value` must be a double, in plain form.
Term double_text(const Term& value);

}  // namespace sluice::language
