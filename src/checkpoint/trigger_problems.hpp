#pragma once

#include <optional>
#include <string>
#include <vector>

#include "checkpoint/trigger_store.hpp"
#include "mongo/client.hpp"

/// Why triggers do not run, as their workers keep it in the state database: whoever asks there need not reach
/// a worker.
namespace sluice::checkpoint {

/// `trigger NAME of STREAM does not run: ...`
std::string text_of(const TriggerProblem& problem);

/// Of the triggers of a pipeline on one cluster, those that do not run. Blocks.
std::optional<Error> read_trigger_problems(mongoc_client_t* client, const std::string& state_database,
                                           const std::string& pipeline,
                                           std::vector<TriggerProblem>& problems);

/// Notes why a stream of triggers does not run; an empty text takes that back. A reason that is the same as
/// before keeps its time. Blocks.
std::optional<Error> note_trigger_problem(mongo::ClientPool& pool, const std::string& state_database,
                                          const std::string& stream_id, const std::string& text);

}  // namespace sluice::checkpoint
