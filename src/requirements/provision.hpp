#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "mongo/client.hpp"
#include "observe/log/log_line.hpp"
#include "requirements/requirements.hpp"
#include "sluice/config.hpp"
#include "sluice/rule.hpp"

namespace sluice::requirements {

/// Prepares the database for the rules. Enables pre-images on the collections that are read with them;
/// missing collections are created, safely while other workers do the same. Creates the indexes by which
/// targets are found or, with IndexPolicy::warn, logs a warning with the line that creates them.
std::optional<Error> provision(mongo::ClientPool& pool, const std::string& database,
                               const std::vector<Subscription>& subscriptions,
                               const std::vector<IndexNeed>& indexes, IndexPolicy policy,
                               const observe::StreamLog& log);

/// Enables pre-images on collections that patterns were found to match while the stream runs. Blocks.
std::optional<Error> provision_found(mongo::ClientPool& pool, const std::string& database,
                                     const std::vector<std::string>& collections,
                                     const observe::StreamLog& log);

/// Prepares everything that a stream needs before it is read: what provision() does, and the index of the
/// dead letters. `all` are the worker's streams. Missing collections that any of them reads with pre-images
/// are created first, so that no index and no write of this stream creates one without pre-images.
std::optional<Error> prepare_for(const Config& config, const StreamConfig& stream, const Rules& rules,
                                 std::span<const StreamConfig> all, mongo::ClientPool& pool,
                                 const observe::StreamLog& log);

}  // namespace sluice::requirements
