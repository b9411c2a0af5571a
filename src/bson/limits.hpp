#pragma once

namespace sluice::bson {

/// Levels of nesting to which values are compared and hashed field by field. The server's own limit is lower.
inline constexpr int max_nested = 200;
/// The number of significant digits in which the server compares a double with a decimal.
inline constexpr int digits_of_a_decimal = 34;

}  // namespace sluice::bson
