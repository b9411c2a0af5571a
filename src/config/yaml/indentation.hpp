#pragma once

#include <optional>
#include <string>

#include "config/yaml/yaml_tree.hpp"

namespace sluice::config {

/// Why a text is not valid YAML, in words, and where.
struct YamlFault {
  Place place;
  std::string text;
};

/// The first line, up to `last_line` (counted from 1), whose indentation fits no block above it; absent if
/// there is none. It understands only block style without multi-line texts. Call it only for text that is not
/// valid YAML.
std::optional<YamlFault> odd_indentation(const std::string& text, int last_line);

}  // namespace sluice::config
