#pragma once

#include <string>

#include "support/process.hpp"

namespace sluice::test {

/// Environment variables for a program under test: a sanitizer's error ends the program and is written to a
/// report.
Environment sanitizer_settings();

/// The reports of all programs since the last call; empty if there are none. Reports are needed since a test
/// may kill a program, or ignore its exit code.
std::string take_sanitizer_reports();

}  // namespace sluice::test
