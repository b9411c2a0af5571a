#pragma once

#include <cstdint>
#include <string>

#include "realworld/ids.hpp"
#include "realworld/words.hpp"
#include "workbench/mongo.hpp"

namespace realworld {

/// How much there is of everything, and the number that all choices follow from.
struct Sizes {
  std::int64_t users = 200;
  std::int64_t articles = 1000;
  std::int64_t comments = 2000;
  std::int64_t favorites = 4000;
  std::uint64_t seed = 1;
  Ids ids = Ids::object_ids;
};

/// One document of each kind as the application writes it: without the copies and counts, which are Sluice's
/// job.
std::string user_json(Random& random, const Sizes& sizes, std::int64_t n);
std::string article_json(Random& random, const Sizes& sizes, std::int64_t n);
std::string comment_json(Random& random, const Sizes& sizes, std::int64_t n);
std::string favorite_json(Random& random, const Sizes& sizes, std::int64_t n);

/// Fills the four collections. Documents left from an earlier run are removed first, through ordinary
/// deletes.
void seed(workbench::Mongo& mongo, const Sizes& sizes);

}  // namespace realworld
