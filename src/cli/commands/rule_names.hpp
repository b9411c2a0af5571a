#pragma once

#include <string>

#include "sluice/config.hpp"

namespace sluice::cli {

bool has_rule(const Config& config, const std::string& rule);

/// The stream that a rule runs in. Throws ConfigError, with the nearest name, where there is no such rule; or
/// none of `kind`, if one is asked for.
const StreamConfig& stream_of_rule(const Config& config, const std::string& rule,
                                   const std::string& kind = "");

}  // namespace sluice::cli
