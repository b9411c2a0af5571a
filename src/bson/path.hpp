#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "sluice/bson.hpp"

namespace sluice::bson {

/// The names along a path. Views into the path's text.
using Components = std::vector<std::string_view>;

/// Splits a path at its dots, into `most` components at the most: the last one keeps the rest.
Components split_path(std::string_view path, std::size_t most);

/// The components of `path` as a list names them: a text for each name, dots and all, and a number for each
/// index. Empty when the list is not about this path.
Components listed_path(std::string_view path, View list);

}  // namespace sluice::bson
