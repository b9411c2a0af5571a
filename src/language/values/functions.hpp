#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "language/values/term.hpp"

namespace sluice::language {

/// A compiled call, or why it cannot be compiled.
struct FunctionCall {
  Term term;
  std::string error = {};
  bool about_arguments = false;  ///< the error concerns the arguments, not the name
};

/// Compiles a call of the function `name`, in any case. `changed` is not included, because it takes a path
/// instead of a value.
FunctionCall call_function(std::string_view name, const std::vector<Term>& arguments);

/// Whether there is such a function, including `changed`.
bool is_function(std::string_view name);

}  // namespace sluice::language
