#pragma once

#include <cstdint>
#include <optional>

#include "sluice/bson.hpp"

namespace sluice::source {

/// The cluster time that a resume token stands for, {seconds, increment} as one number; nothing where the
/// token is not built as those of MongoDB 4.0 to 8.0 are. For figures, for tokens that others have stored,
/// and for asking once more than needed: no position of ours is decided by it.
///
/// The answer to a getMore that holds no event tells the server's clock, and its token how far the stream has
/// looked. Behind a long stretch of changes that the filter keeps out the two are far apart.
std::optional<std::uint64_t> time_of_token(bson::View token);

}  // namespace sluice::source
