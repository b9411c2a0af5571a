#pragma once

#include <string>

#include "workbench/mongo.hpp"

namespace sluice::nemesis {

/// Whether the counters' sums equal the number of things counted, as the server itself adds them up: all
/// favourites of living articles, and all tags that articles bear. Returns the difference in words, or "".
std::string not_conserved(workbench::Mongo& db);

}  // namespace sluice::nemesis
