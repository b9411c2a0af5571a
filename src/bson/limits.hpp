#pragma once

namespace sluice::bson {

inline constexpr int most_nested = 200;  ///< the server's own limit is lower
/// The server compares doubles with decimals in so many digits.
inline constexpr int digits_of_a_decimal = 34;

}  // namespace sluice::bson
