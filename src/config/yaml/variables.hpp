#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::config {

/// Values by name, for ${NAME} in a file.
using Variables = std::map<std::string, std::string, std::less<>>;

/// A text of a configuration file with its variables replaced:
///
///     ${NAME}           the variable's value; a variable that is not set is a problem
///     ${NAME:-default}  the variable's value, or the default if it is not set or empty
///     $$                a dollar
///
/// Any other dollar is kept. A variable's value is not expanded again.
struct Expanded {
  std::string text;
  /// The same for an expression. There $$NAME is an aggregation variable, so $$ is a dollar only before {.
  std::string expression;
  std::string problem;         ///< "" if there is none
  std::size_t problem_at = 0;  ///< offset in the original text
};

/// Start of the message about a variable that is not set.
inline constexpr std::string_view kVariableNotSet = "the environment variable ";

Expanded expand(std::string_view text, const Variables& variables);

}  // namespace sluice::config
