#pragma once

#include <string>

#include "sluice/handler.hpp"
#include "sluice/settings.hpp"

namespace sluice {

/// Converts a handler's options to the settings of a rule, so that they are read and checked like those in a
/// configuration file. Throws ConfigError for a number out of its range, or if no operation is named.
Settings handler_settings(const std::string& collection, const HandlerOptions& options);

}  // namespace sluice
