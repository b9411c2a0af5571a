#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::config {

/// `a, b or c`
std::string join_or(const std::vector<std::string>& names);

/// `one of a, b or c, not 'd' (did you mean 'b'?)`: what follows "must be" in a message.
std::string not_among(std::string_view word, const std::vector<std::string>& names);

/// `unknown key 'form'; did you mean 'from'?`, or the list of allowed names if none is near.
std::string unknown_name(std::string_view what, std::string_view word,
                         const std::vector<std::string>& candidates, const std::vector<std::string>& known);

/// Parses a decimal whole number. Empty for any other text and for numbers that do not fit.
std::optional<long long> whole_number(std::string_view text);

/// Why `name` is not a valid name of a pipeline, stream or rule, or "". Such names become part of a
/// checkpoint's key: at most 64 letters, digits, `.`, `_` and `-`.
std::string why_no_name(std::string_view name);

/// Why `name` is not a valid database name, or "".
std::string why_no_database(std::string_view name);

}  // namespace sluice::config
