#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "mongo.hpp"

namespace storm {

using Counts = std::map<std::string, std::int64_t>;

/// Run an aggregation whose results are {_id, n} and gather them. `pipeline` is a JSON array.
Counts counts(const Client& client, const std::string& database, const std::string& collection,
              std::string_view pipeline);

/// Throws, naming the first difference, unless the two are equal. Zeros count as absent.
void expect_equal(const std::string& what, const Counts& kept, const Counts& fresh);

}  // namespace storm
