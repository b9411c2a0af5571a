#pragma once

#include <string_view>

#include "sluice/bson_builder.hpp"

/// What rules do in code, said to the server: expressions of its aggregation language.
namespace sluice::audit {

/// Appends, under `key`, the value at a dotted path as bson::View::at_path() sees it: it never looks into
/// arrays, where the server's own "$a.b" would.
void append_path(bson::Builder& out, std::string_view key, std::string_view path);

/// The distinct values of an array, or of the scalar in its place; a missing field holds none.
void append_values(bson::Builder& out, std::string_view key, std::string_view path);

}  // namespace sluice::audit
