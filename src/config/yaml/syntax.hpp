#pragma once

#include <yaml-cpp/yaml.h>

#include <string>

#include "config/yaml/yaml_tree.hpp"

namespace sluice::config {

/// Counted from 1. Line 0 for a mark that names no place.
Place place_of(const YAML::Mark& mark);

/// Throws PlacedError.
[[noreturn]] void fail_at(const std::string& file, Place place, const std::string& message);

/// The one document that `text` holds. Throws PlacedError, with a hint for the common mistakes, for text that
/// is not valid YAML or holds a second document.
YAML::Node load_only_document(const std::string& text, const std::string& file);

}  // namespace sluice::config
