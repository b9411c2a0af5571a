#pragma once

#include <yaml-cpp/yaml.h>

#include <string>

#include "config/yaml/yaml_tree.hpp"

namespace sluice::config {

/// The place of a mark, counted from 1. Line 0 if the mark has no place.
Place place_of(const YAML::Mark& mark);

/// Throws PlacedError.
[[noreturn]] void fail_at(const std::string& file, Place place, const std::string& message);

/// Parses `text`, which must hold exactly one document. Throws PlacedError, with a hint for common mistakes,
/// if it is not valid YAML or holds a second document.
YAML::Node load_only_document(const std::string& text, const std::string& file);

}  // namespace sluice::config
