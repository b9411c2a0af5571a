#pragma once

#include <string>
#include <vector>

#include "sluice/arena.hpp"
#include "sluice/bson.hpp"

namespace sluice::rules {

/// Joins each text in `made` that the server sent as a list of parts; `places` (language::Compiled::texts)
/// says where they may be. The result has the bytes of `made` if there is no such list, otherwise memory of
/// `arena`.
bson::Value with_texts_joined(const bson::Value& made, const std::vector<std::vector<std::string>>& places,
                              Arena& arena);

}  // namespace sluice::rules
