#pragma once

#include <span>

#include "config/options/options.hpp"

/// The options, one table for each file of this folder.
namespace sluice::config {

std::span<const Option> mongodb_options();
std::span<const Option> sharding_options();
std::span<const Option> engine_options();
std::span<const Option> nats_options();
std::span<const Option> redis_options();
std::span<const Option> monitoring_options();
std::span<const Option> position_options();

}  // namespace sluice::config
