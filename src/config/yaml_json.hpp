#pragma once

#include <string>

#include "config/yaml_tree.hpp"

namespace sluice::config {

/// The value as JSON. Scalars are what JSON calls a number, true, false or null when they are written like
/// that and without quotes, and texts otherwise.
std::string json_of(const YamlValue& value);

}  // namespace sluice::config
