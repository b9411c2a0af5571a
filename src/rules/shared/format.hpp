#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "sluice/settings.hpp"

namespace sluice::rules {

/// Reads the `format` of messages and bodies; "relaxed" by default. Throws ConfigError for an unknown one.
std::string read_format(const Settings& settings, std::initializer_list<std::string_view> known);

}  // namespace sluice::rules
