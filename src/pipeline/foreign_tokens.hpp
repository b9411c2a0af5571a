#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "mongo/client.hpp"
#include "sluice/config.hpp"
#include "sluice/position.hpp"

namespace sluice::pipeline {

/// Where another program that did this stream's work has come to: of each collection of tokens the newest,
/// and of these the oldest, for each may be about documents of its own. `found` stays empty where there is
/// none. Only reads. ErrorKind::lost for a token that is none. `say` is told where the stream will begin.
/// Blocks.
std::optional<Error> find_foreign_position(mongo::ClientPool& pool,
                                           const std::vector<TokenCollection>& collections,
                                           std::optional<Position>& found,
                                           const std::function<void(const std::string&)>& say);

}  // namespace sluice::pipeline
