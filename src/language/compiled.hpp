#pragma once

#include <string>
#include <vector>

namespace sluice::language {

/// An aggregation expression over a change event, and the paths that it reads from the two images.
struct Compiled {
  std::string json;                 ///< the expression in Extended JSON; valid under any key of a pipeline
  std::vector<std::string> before;  ///< dotted paths read from the document before the change; "": all of it
  std::vector<std::string> after;   ///< the same for the document after the change

  /// The places in the result that hold joined texts, each as the names that lead there (no names: the result
  /// itself). The server cannot convert documents, lists and binary data to text. If one is part of a joined
  /// text, the server sends the list of all parts instead, and the worker joins them.
  std::vector<std::vector<std::string>> texts = {};
};

}  // namespace sluice::language
