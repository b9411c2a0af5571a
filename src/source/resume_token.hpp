#pragma once

#include <cstdint>
#include <optional>

#include "sluice/bson.hpp"

namespace sluice::source {

/// The cluster time in a resume token, {seconds, increment} as one number. Nothing if the token does not have
/// the format of MongoDB 4.0 to 8.0. Use it only for statistics, for tokens that other programs stored, and
/// where a wrong answer costs no more than one superfluous query: none of our positions is derived from it.
///
/// In an answer without events, the operation time is the server's clock, while the token says how far the
/// stream has searched. The two are far apart after a long stretch of changes that the filter drops.
std::optional<std::uint64_t> time_of_token(bson::View token);

}  // namespace sluice::source
