#pragma once

#include <iosfwd>
#include <memory>
#include <string>
#include <vector>

#include "sluice/extensions.hpp"

namespace sluice::cli {

/// Runs the program without its process-wide setup: parses the arguments, runs the command, and turns every
/// exception into a message on `err` and an exit code, which it returns. `extensions` may be null.
int program(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& err,
            std::shared_ptr<const Extensions> extensions = {});

}  // namespace sluice::cli
