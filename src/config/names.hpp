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

/// `unknown key 'form'; did you mean 'from'?`, or the names known where none is near.
std::string unknown_name(std::string_view what, std::string_view word,
                         const std::vector<std::string>& candidates, const std::vector<std::string>& known);

/// A decimal whole number and nothing else; nothing for any other text or one that does not fit.
std::optional<long long> whole_number(std::string_view text);

/// Names that become part of a checkpoint's key (pipeline, stream, rule): letters, digits, `.`, `_` and `-`,
/// at most 64 of them. Returns why `name` is none, or "".
std::string why_no_name(std::string_view name);

/// Why the server would refuse `name` for a database, or "".
std::string why_no_database(std::string_view name);

}  // namespace sluice::config
