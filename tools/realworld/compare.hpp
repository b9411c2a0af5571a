#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "workbench/mongo.hpp"

namespace realworld {

/// One projection held against what it should be, computed afresh from the documents it is made of.
struct Check {
  std::string name;
  std::int64_t documents = 0;  ///< looked at
  std::int64_t wrong = 0;
  std::vector<std::string> examples;  ///< the first few that are wrong
};

/// Reads all collections: meant for a database at rest.
std::vector<Check> compare(workbench::Mongo& mongo);

bool all_right(const std::vector<Check>& checks);
std::string table(const std::vector<Check>& checks);

}  // namespace realworld
