#pragma once

#include <cstdint>
#include <string>

#include "realworld/ids.hpp"
#include "realworld/words.hpp"
#include "workbench/mongo.hpp"

namespace realworld {

/// The number of documents of each kind, and the seed of all random choices.
struct Sizes {
  std::int64_t users = 200;
  std::int64_t articles = 1000;
  std::int64_t comments = 2000;
  std::int64_t favorites = 4000;
  std::uint64_t seed = 1;
  Ids ids = Ids::object_ids;
};

/// The n-th document of each kind as the application writes it: without copies and counters, which Sluice
/// adds.
std::string user_json(Random& random, const Sizes& sizes, std::int64_t n);
std::string article_json(Random& random, const Sizes& sizes, std::int64_t n);
std::string comment_json(Random& random, const Sizes& sizes, std::int64_t n);
std::string favorite_json(Random& random, const Sizes& sizes, std::int64_t n);

/// Fills the four collections. Throws std::runtime_error if one is not empty.
void seed(workbench::Mongo& mongo, const Sizes& sizes);

}  // namespace realworld
