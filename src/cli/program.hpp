#pragma once

#include <iosfwd>
#include <memory>
#include <string>
#include <vector>

#include "sluice/extensions.hpp"

namespace sluice::cli {

/// The whole program except for the process around it: parses, dispatches, and turns every exception into a
/// sentence on `err` and an exit code. `extensions` may be null.
int program(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& err,
            std::shared_ptr<const Extensions> extensions = {});

}  // namespace sluice::cli
