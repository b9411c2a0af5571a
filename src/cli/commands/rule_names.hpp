#pragma once

#include <string>

#include "sluice/config.hpp"

namespace sluice::cli {

bool has_rule(const Config& config, const std::string& rule);

/// The stream that contains a rule. Throws ConfigError, which suggests the nearest name, if there is no such
/// rule, or none of that `kind` (unless `kind` is empty).
const StreamConfig& stream_of_rule(const Config& config, const std::string& rule,
                                   const std::string& kind = "");

}  // namespace sluice::cli
