#pragma once

#include <optional>
#include <string>

#include "observe/status.hpp"

namespace sluice::cli {

/// Parses the reply of a worker's /status; absent if `json` is not such an object. Fields that a worker of
/// another version does not report keep their defaults.
std::optional<observe::WorkerStatus> parse_status(const std::string& json);

}  // namespace sluice::cli
