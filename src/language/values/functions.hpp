#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "language/values/term.hpp"

namespace sluice::language {

/// A call that was compiled, or why it cannot be.
struct FunctionCall {
  Term term;
  std::string error = {};
  bool about_arguments = false;  ///< not about the name
};

/// A function by its name, in whatever case. `changed` is not among them: it takes no value but a path.
FunctionCall call_function(std::string_view name, const std::vector<Term>& arguments);

/// Whether a function has that name, `changed` among them.
bool is_function(std::string_view name);

}  // namespace sluice::language
