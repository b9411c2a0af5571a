#pragma once

#include <string_view>

#include "sluice/bson_builder.hpp"

/// Aggregation expressions with which the server computes the same values as the rules do.
namespace sluice::audit {

/// Appends, under `key`, the value at a dotted path as bson::View::at_path() returns it. Unlike the server's
/// "$a.b" it never looks into arrays.
void append_path(bson::Builder& out, std::string_view key, std::string_view path);

/// Appends, under `key`, an array of the distinct values of the array at a dotted path. A scalar counts as an
/// array of one value, a missing field as an empty array.
void append_values(bson::Builder& out, std::string_view key, std::string_view path);

}  // namespace sluice::audit
