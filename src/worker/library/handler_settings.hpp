#pragma once

#include <string>

#include "sluice/handler.hpp"
#include "sluice/settings.hpp"

namespace sluice {

/// A handler's options as the settings of a rule, so that they are read and checked like a file's. Throws
/// ConfigError for numbers that cannot be used.
Settings handler_settings(const std::string& collection, const HandlerOptions& options);

}  // namespace sluice
