#pragma once

#include <iosfwd>
#include <string>

#include "cli/arguments.hpp"

namespace sluice::cli {

/// Warns of secrets among the flags: everyone who can list the machine's processes can read them.
void warn_of_secrets(const Arguments& arguments, std::ostream& err);

/// Warns if users other than its owner may write the configuration file: they could control the worker and
/// use its credentials.
void warn_of_writers(const std::string& file, std::ostream& err);

}  // namespace sluice::cli
