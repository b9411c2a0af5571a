#pragma once

#include <string>
#include <vector>

namespace sluice::language {

/// An aggregation expression over a change event, and what it reads of the two images.
struct Compiled {
  std::string json;                 ///< Extended JSON of the expression; good under any key of a pipeline
  std::vector<std::string> before;  ///< dotted paths of the document before the change; "" is all of it
  std::vector<std::string> after;   ///< the same of the document after the change

  /// Where in the result texts are joined, by the names that lead there (none: the result itself). The server
  /// has no text of documents, lists and binary data; where one is to be part of such a text, it sends a list
  /// of all its parts instead, for the worker to join.
  std::vector<std::vector<std::string>> texts = {};
};

}  // namespace sluice::language
