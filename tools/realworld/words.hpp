#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <string_view>

namespace realworld {

using Random = std::mt19937_64;

/// A number from 0 up to and without `end`.
std::int64_t below(Random& random, std::int64_t end);
/// The same, with the small numbers far more often: a few articles get most of the attention.
std::int64_t skewed(Random& random, std::int64_t end);
/// True in `percent` of a hundred cases.
bool chance(Random& random, int percent);

/// Real-looking content. None of it needs escaping in JSON.
std::string_view tag(Random& random);
std::string tag_list(Random& random);  ///< a JSON array of one to five tags; now and then with a repetition
std::string username(Random& random, std::int64_t n);
std::string image(Random& random);
std::string sentence(Random& random, int words);

}  // namespace realworld
