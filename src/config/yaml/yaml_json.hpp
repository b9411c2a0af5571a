#pragma once

#include <string>

#include "config/yaml/yaml_tree.hpp"

namespace sluice::config {

/// Whether a scalar without quotes reads as a JSON number, true, false or null.
bool is_json_word(const std::string& text);

/// The value as JSON. An unquoted scalar that reads as a JSON number, true, false or null becomes that; any
/// other scalar becomes a string.
std::string json_of(const YamlValue& value);

}  // namespace sluice::config
