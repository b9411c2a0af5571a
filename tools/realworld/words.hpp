#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <string_view>

namespace realworld {

using Random = std::mt19937_64;

/// A uniformly distributed number from 0 to end - 1.
std::int64_t below(Random& random, std::int64_t end);
/// The same, but small numbers are much more frequent, so that a few articles get most favourites and
/// comments.
std::int64_t skewed(Random& random, std::int64_t end);
/// True with a probability of `percent` in a hundred.
bool chance(Random& random, int percent);

/// Realistic content. None of it needs escaping in JSON.
std::string_view tag(Random& random);
std::string tag_list(Random& random);  ///< a JSON array of one to five tags, which may repeat
std::string username(Random& random, std::int64_t n);
std::string image(Random& random);
std::string sentence(Random& random, int words);

}  // namespace realworld
