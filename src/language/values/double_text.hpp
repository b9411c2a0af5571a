#pragma once

#include "language/values/term.hpp"

namespace sluice::language {

/// The text of a double as bson::append_number makes it. `value` is a double, and plain.
Term double_text(const Term& value);

}  // namespace sluice::language
