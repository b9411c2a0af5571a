#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "sluice/bson.hpp"

namespace sluice::bson {

/// The names along a path. Views into the path's text.
using Components = std::vector<std::string_view>;

/// Splits a path at its dots into at most `most` components; the last one holds the rest.
Components split_path(std::string_view path, std::size_t most);

/// Splits `path` into the components that the server lists for it: a string for each name, which may contain
/// dots, and a number for each index. Empty if the list is not about this path.
Components listed_path(std::string_view path, View list);

}  // namespace sluice::bson
