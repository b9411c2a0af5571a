#pragma once

#include <string>
#include <string_view>

#include "cli/commands.hpp"

namespace sluice::cli {

/// `sluice --help`
std::string general_help();

/// `sluice GROUP --help`
std::string group_help(std::string_view group);

/// `sluice COMMAND --help`
std::string command_help(const Command& command);

}  // namespace sluice::cli
