#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::text {

/// A byte as `%` and two uppercase hexadecimal digits.
std::array<char, 3> percent_encoded(char byte);

/// `text` with each `%` and its two hexadecimal digits replaced by the byte they stand for. Empty if a `%` is
/// not followed by two hexadecimal digits.
std::optional<std::string> percent_decoded(std::string_view text);

}  // namespace sluice::text
