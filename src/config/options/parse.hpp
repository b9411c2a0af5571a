#pragma once

#include <string>

#include "config/options/origin.hpp"

namespace sluice::config {

struct Option;
struct OptionValue;

/// Checks `text` against its option. Throws ConfigError: one sentence with the origin and what is allowed.
OptionValue parse_value(const Option& option, const std::string& text, const Origin& origin);

/// The value with its secrets masked.
std::string shown_value(const Option& option, const std::string& text);

/// What the option accepts, in words: `a whole number from 1 to 256`, `create or warn`.
std::string allowed_text(const Option& option);

}  // namespace sluice::config
