#pragma once

#include <iosfwd>
#include <string>

#include "cli/arguments.hpp"

namespace sluice::cli {

/// Warns of secrets among the flags: whoever may list the machine's processes sees them.
void warn_of_secrets(const Arguments& arguments, std::ostream& err);

/// Warns of a configuration file that others than its owner may write: they decide what a worker does, and
/// see with whose rights.
void warn_of_writers(const std::string& file, std::ostream& err);

}  // namespace sluice::cli
