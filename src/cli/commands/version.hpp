#pragma once

#include <string>

namespace sluice::cli {

/// `sluice --version`: the first line is the version alone.
std::string version_text();

}  // namespace sluice::cli
