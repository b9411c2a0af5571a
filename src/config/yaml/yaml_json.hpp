#pragma once

#include <string>

#include "config/yaml/yaml_tree.hpp"

namespace sluice::config {

/// Whether a scalar without quotes reads as a JSON number, true, false or null.
bool is_json_word(const std::string& text);

/// The value as JSON. Scalars are what JSON calls a number, true, false or null when they are written like
/// that and without quotes, and texts otherwise.
std::string json_of(const YamlValue& value);

}  // namespace sluice::config
