#pragma once

#include <string>
#include <vector>

#include "drain.hpp"

namespace storm {

/// A filter of a change stream, for one part of `kParts` or for all documents of one collection.
struct FilterShape {
  std::string name;
  StreamShape stream;
};

constexpr int kParts = 16;
constexpr int kPart = 3;

/// Filters to measure beside those of workers, which count favourites: of one that reads everything, and of
/// the shard `kPart` of `kParts`.
std::vector<FilterShape> filter_shapes(const StreamShape& whole, const StreamShape& shard);

}  // namespace storm
