#pragma once

#include <string>

#include "cli/commands.hpp"

namespace sluice::cli {

/// `sluice --help`
std::string general_help();

/// `sluice COMMAND --help`
std::string command_help(const Command& command);

}  // namespace sluice::cli
