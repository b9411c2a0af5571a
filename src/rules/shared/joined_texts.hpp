#pragma once

#include <string>
#include <vector>

#include "sluice/arena.hpp"
#include "sluice/bson.hpp"

namespace sluice::rules {

/// The values that the server computed, with each list of parts joined to one text (language::Compiled::texts
/// has their places). Returns `made` itself if there is no such list; otherwise the bytes are in `arena`.
bson::Value with_texts_joined(const bson::Value& made, const std::vector<std::vector<std::string>>& places,
                              Arena& arena);

}  // namespace sluice::rules
