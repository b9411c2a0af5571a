#pragma once

#include <string>

#include "support/process.hpp"

namespace sluice::test {

/// Variables for a program under test: a sanitizer's finding ends it, and is kept as a report.
Environment sanitizer_settings();

/// The reports since the last call, of whichever program: a test may have killed it, or not have asked how it
/// ended, before its finding showed in anything else. Empty when there is none.
std::string take_sanitizer_reports();

}  // namespace sluice::test
