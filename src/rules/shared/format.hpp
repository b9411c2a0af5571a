#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "sluice/settings.hpp"

namespace sluice::rules {

/// The `format` of messages and bodies, relaxed unless it is stated. Throws ConfigError for one that is not
/// known.
std::string read_format(const Settings& settings, std::initializer_list<std::string_view> known);

}  // namespace sluice::rules
