#pragma once

#include <optional>
#include <string>
#include <vector>

#include "checkpoint/trigger_store.hpp"
#include "mongo/client.hpp"

/// Why triggers do not run. Workers store this in the state database, so commands can read it without
/// reaching a worker.
namespace sluice::checkpoint {

/// `trigger NAME of STREAM is not running: ...`
std::string text_of(const TriggerProblem& problem);

/// Reads those triggers of a pipeline on one cluster that do not run. Blocks.
std::optional<Error> read_trigger_problems(mongoc_client_t* client, const std::string& state_database,
                                           const std::string& pipeline,
                                           std::vector<TriggerProblem>& problems);

/// Stores why a stream of triggers does not run; an empty text deletes the reason. If the reason is the same
/// as before, its time stays. Blocks.
std::optional<Error> note_trigger_problem(mongo::ClientPool& pool, const std::string& state_database,
                                          const std::string& stream_id, const std::string& text);

}  // namespace sluice::checkpoint
