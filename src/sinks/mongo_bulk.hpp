#pragma once

#include <string>

#include "mongo/client.hpp"
#include "sinks/state_names.hpp"
#include "sinks/write_commands.hpp"
#include "sluice/sink.hpp"

namespace sluice::sinks {

struct MongoBulkOptions {
  std::string pipeline;
  std::string stream;
  std::string state_database;
  int statement_ms = 5000;
};

/// Writes a batch to MongoDB in one transaction together with the lane's position: both happen, or neither.
/// The first statement moves the position on, and only if the lane still has the epoch and the number of
/// commits that the batch was made under: a stale holder of the shard writes nothing, and a commit whose
/// answer was lost is recognised afterwards.
class MongoBulk final : public Sink {
 public:
  /// `pool` must outlive the sink.
  MongoBulk(mongo::ClientPool& pool, MongoBulkOptions options) : pool_(pool), options_(std::move(options)) {}

  Outcome commit(const Batch& batch) override;
  std::size_t bytes_while_sending(const Batch& batch) const override;

 private:
  Outcome carry_out(const Batch& batch);
  Outcome attempt(mongoc_client_t* client, const Batch& batch);
  Outcome refused(mongoc_client_t* client, const Batch& batch);
  std::optional<Error> move_position(mongo::Transaction& transaction, const Batch& batch, bool& held) const;
  std::optional<Error> hold_position(mongo::Transaction& transaction, const LaneGuard& guard) const;
  void add_dead_letter(const DeadLetterWrite& letter, std::size_t index, WriteCommands& out) const;
  void add_counters(const Batch& batch, WriteCommands& out) const;
  Ran run_writes(mongo::Transaction& transaction, const Batch& batch) const;

  mongo::ClientPool& pool_;
  MongoBulkOptions options_;
  const std::string dead_letters_ = state::dead_letters;
};

}  // namespace sluice::sinks
