#pragma once

#include <iosfwd>
#include <string>
#include <vector>

namespace sluice::cli {

/// The whole program but for the process around it: parses, dispatches, and turns every exception into a
/// sentence on `err` and an exit code.
int program(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& err);

}  // namespace sluice::cli
