#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "language/values/term.hpp"

namespace sluice::language {

/// A compiled call, or the reason why the call cannot be compiled.
struct FunctionCall {
  Term term;
  std::string error = {};
  bool about_arguments = false;  ///< whether the error is about the arguments rather than the name
};

/// Compiles a call of the function with this name, in any case. `changed` is not among these functions,
/// because it takes a path and not a value.
FunctionCall call_function(std::string_view name, const std::vector<Term>& arguments);

/// Whether there is a function with this name, including `changed`.
bool is_function(std::string_view name);

}  // namespace sluice::language
