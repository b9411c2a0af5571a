#pragma once

#include <string>

namespace sluice::cli {

/// The output of `sluice --version`. Its first line has only the version.
std::string version_text();

}  // namespace sluice::cli
