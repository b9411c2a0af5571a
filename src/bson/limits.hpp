#pragma once

namespace sluice::bson {

inline constexpr int max_nested = 200;  ///< levels; the server's own limit is lower
/// The number of significant digits in which the server compares a double with a decimal.
inline constexpr int digits_of_a_decimal = 34;

}  // namespace sluice::bson
