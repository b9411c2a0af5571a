#pragma once

#include <string>
#include <vector>

#include "sluice/arena.hpp"
#include "sluice/bson.hpp"

namespace sluice::rules {

/// What the server made, with each text that it sent as a list of parts joined (language::Compiled::texts has
/// the places). The bytes are those of `made` where there is no such list, else they are in `arena`.
bson::Value with_texts_joined(const bson::Value& made, const std::vector<std::vector<std::string>>& places,
                              Arena& arena);

}  // namespace sluice::rules
