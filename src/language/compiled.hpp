#pragma once

#include <string>
#include <vector>

namespace sluice::language {

/// An aggregation expression over a change event, and what it reads of the two images.
struct Compiled {
  std::string json;                 ///< Extended JSON of the expression; good under any key of a pipeline
  std::vector<std::string> before;  ///< dotted paths of the document before the change; "" is all of it
  std::vector<std::string> after;   ///< the same of the document after the change
};

}  // namespace sluice::language
