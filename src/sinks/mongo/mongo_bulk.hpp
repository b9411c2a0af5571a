#pragma once

#include <bson/bson.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "config/state_names.hpp"
#include "core/batch.hpp"
#include "mongo/client.hpp"
#include "sinks/mongo/puts.hpp"
#include "sinks/mongo/write_commands.hpp"

namespace sluice::sinks {

/// A dead letter that was committed, as it is logged.
struct StoredLetter {
  std::string id;  ///< the _id in hexadecimal, as `sluice dead show` accepts it
  std::string rule;
  std::string change;  ///< the operation and the document, such as `insert of articles {"_id":1}`
  std::int32_t code = 0;
  std::string message;
};

struct MongoBulkOptions {
  std::string pipeline;
  std::string stream;
  std::string state_database;
  int statement_ms = 5000;
  /// Called once for each committed batch with dead letters, on the thread that committed it.
  std::function<void(std::vector<StoredLetter>)> stored = [](std::vector<StoredLetter>) {};
};

/// Writes a batch and the lane's position to MongoDB in one transaction: both are stored, or neither. The
/// first statement moves the position, and matches only if the lane still has the batch's epoch and number of
/// commits. So a stale holder of the shard writes nothing, and a retry recognises a commit whose answer was
/// lost. Batches of different lanes that only count can share a transaction.
class MongoBulk final : public BatchSink {
 public:
  /// `pool` and `recorder` must outlive the sink.
  MongoBulk(mongo::ClientPool& pool, mongo::SessionRecorder& recorder, MongoBulkOptions options);

  Outcome commit(const Batch& batch) override;
  std::size_t bytes_while_sending(const Batch& batch) const override;
  bool commits_together(const Batch& batch) const override;
  std::optional<Outcome> commit_together(const std::vector<const Batch*>& batches) override;

 private:
  Outcome carry_out(const Batch& batch);
  Outcome attempt(mongoc_client_t* client, const Batch& batch);
  Outcome attempt(mongoc_client_t* client, const Batch& batch, NewDocuments new_documents);
  Outcome refused(mongoc_client_t* client, const Batch& batch);
  Outcome attempt(mongo::Transaction& transaction, const std::vector<const Batch*>& batches) const;
  std::optional<Error> move_positions(mongo::Transaction& transaction,
                                      const std::vector<const Batch*>& batches, bool& held) const;
  std::optional<Error> take_turn(mongo::Transaction& transaction, const LaneGuard& guard) const;
  std::optional<Error> hold_position(mongo::Transaction& transaction, const LaneGuard& guard) const;
  bson_oid_t letter_id(const Batch& batch, std::size_t index) const;
  void add_dead_letter(const Batch& batch, std::size_t index, WriteCommands& out) const;
  void tell_letters(const Batch& batch) const;
  void add_counters(const Batch& batch, WriteCommands& out) const;
  struct Copied {
    std::size_t bytes = 0;  ///< of the documents read and the commands rendered
    std::optional<Error> error;
  };
  Copied add_copies(mongo::Transaction& transaction, const Batch& batch, WriteCommands& commands) const;
  Ran run_writes(mongo::Transaction& transaction, const Batch& batch, NewDocuments new_documents) const;

  mongo::ClientPool& pool_;
  mongo::SessionRecorder& recorder_;
  MongoBulkOptions options_;
  const std::string dead_letters_ = state::dead_letters;
  /// Batches that use upserts at once, because the server has refused an insert.
  std::atomic<int> upserting_batches_ = 0;
  const std::uint64_t seed_;  ///< random part of the ids of dead letters, so that two runs make different ids
};

}  // namespace sluice::sinks
