#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "workbench/mongo.hpp"

namespace realworld {

/// The comparison of one projection with a fresh computation from its source documents.
struct Check {
  std::string name;
  std::int64_t documents = 0;  ///< number compared
  std::int64_t wrong = 0;
  std::vector<std::string> examples;  ///< the first few that are wrong
};

/// Compares all projections. It reads the collections one after the other, so the database should not change
/// meanwhile.
std::vector<Check> compare(workbench::Mongo& mongo);

bool all_right(const std::vector<Check>& checks);
std::string table(const std::vector<Check>& checks);

}  // namespace realworld
