#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "mongo.hpp"

namespace storm {

using Counts = std::map<std::string, std::int64_t>;

/// Runs an aggregation whose results are {_id, n}, and returns n by _id, without zeros. `pipeline` is a JSON
/// array.
Counts counts(const Client& client, const std::string& database, const std::string& collection,
              std::string_view pipeline);

/// Throws, naming the first difference, unless the two are equal.
void expect_equal(const std::string& what, const Counts& kept, const Counts& fresh);

}  // namespace storm
