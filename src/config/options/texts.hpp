#pragma once

#include <string>
#include <string_view>

namespace sluice::config {

struct Option;

/// As help shows it: `ms, default 5`.
std::string unit_and_default(const Option& option);

/// A command's help: one line for each option that `shown` returns true for, grouped by heading.
std::string options_help(bool (*shown)(const Option&));

/// The output of `sluice options`: flags, environment variables and keys of the file.
std::string options_text();

/// docs/options.md.
std::string options_markdown();

}  // namespace sluice::config
