#pragma once

#include <functional>
#include <map>
#include <string>

namespace sluice::config {

/// Values by name: of flags (without their `--`) or of environment variables.
using Values = std::map<std::string, std::string, std::less<>>;

/// The environment of this process. An option treats an empty variable as not set.
Values process_environment();

}  // namespace sluice::config
