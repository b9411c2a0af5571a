#pragma once

#include <string>
#include <vector>

namespace sluice::language {

/// An aggregation expression over a change event, and the fields of both images that it reads.
struct Compiled {
  std::string json;  ///< the expression as Extended JSON; may be used under any key of a pipeline
  std::vector<std::string>
      before;  ///< dotted paths in the document before the change; "" is the whole document
  std::vector<std::string> after;  ///< the same for the document after the change

  /// The places in the result where texts have to be joined: the names that lead to each (none: the result
  /// itself). The server cannot convert documents, lists and binary data to text. If such a value is part of
  /// a text, the server sends a list of the text's parts, and the worker joins them.
  std::vector<std::vector<std::string>> texts = {};
};

}  // namespace sluice::language
