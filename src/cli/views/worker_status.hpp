#pragma once

#include <optional>
#include <string>

#include "observe/status.hpp"

namespace sluice::cli {

/// What a worker's /status says; nothing where `json` is no such object. What a worker of another version
/// does not tell keeps its default.
std::optional<observe::WorkerStatus> parse_status(const std::string& json);

}  // namespace sluice::cli
