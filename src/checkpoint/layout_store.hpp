#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "checkpoint/lease_holder.hpp"
#include "checkpoint/shard_id.hpp"
#include "checkpoint/shard_records.hpp"
#include "core/position.hpp"
#include "mongo/client.hpp"

namespace sluice::checkpoint {

/// See LayoutStore::fill_state().
struct FillState {
  std::optional<BackfillRecord> fill;
  bool refused = false;  ///< a backfill was wanted, but the stream already has a position
};

/// The epoch under which a position was found to be lost; 0 if it was refused before the shard was taken.
struct LostPosition {
  std::int64_t epoch = 0;
};

/// What the state database stores about a stream as a whole: the position at which its first shard began, its
/// backfill or rebuild, and the rules that maintain documents. Blocks. Thread-safe: each call takes a client
/// of its own.
class LayoutStore {
 public:
  /// `self` names the instance whose connections are in the pool.
  LayoutStore(mongo::ClientPool& pool, std::string database, ShardId id, LeaseHolder self)
      : pool_(pool), database_(std::move(database)), id_(std::move(id)), self_(std::move(self)) {}

  /// Creates the collections, because a transaction should not have to.
  std::optional<Error> prepare();

  /// If the stream's publishing rules run in a stream of their own, gives that stream its first position; see
  /// split_positions().
  std::optional<Error> take_split_position();

  /// Reads the position at which the first of all shards began. Shards that start later begin there too, so
  /// that nothing in between is lost. If none is stored, `mine` is.
  std::optional<Error> agree_on_origin(const Position& mine, Position& agreed);

  /// Ensures that this position is stored before any shard begins. `now` opens a stream and returns its
  /// position; it is called only if no position is stored. `has_run`: a shard has a position nevertheless, as
  /// after a start with restart_now, so this is not the stream's first start.
  using FindPresent = std::function<std::optional<Error>(Position& at, bool has_run)>;
  std::optional<Error> settle_origin(const FindPresent& now);

  /// Reads whether a backfill is running or was done. `wanted`: begins one if the stream has no position yet.
  std::optional<Error> fill_state(bool wanted, FillState& state);

  /// Deletes all positions of the stream and begins a backfill that makes up for what was lost. Fences all
  /// shards. Does nothing if another shard has done so since this one was `lost`.
  std::optional<Error> begin_rebuild(const LostPosition& lost);

  /// Stores that a rule's targets are filled as of a cluster time. `hash`: see MaintainedRule.
  std::optional<Error> add_filled(const BackfillMark& filled, const std::string& hash);

  std::optional<Error> end_fill();

  /// Adds `news` to the rules that the layout remembers, unless it knows them, and removes those that are not
  /// in `hashes`. `anew`: `news` replace what it knows of the same rules.
  std::optional<Error> note_maintained(const std::vector<MaintainedRule>& news,
                                       const std::vector<std::string>& hashes, bool anew);

  const ShardId& id() const { return id_; }

 protected:
  mongo::ClientPool& pool_;
  const std::string database_;
  const ShardId id_;
  const LeaseHolder self_;

 private:
  std::optional<Error> any_has_run(bool& any);
  std::optional<Error> update_layout(bson::Builder& update);
  std::optional<Error> try_to_rebuild(mongoc_client_t* client, const LostPosition& lost,
                                      std::vector<ShardRecord>& shards);
  std::optional<Error> bar_lanes(mongoc_client_t* client, const std::vector<ShardRecord>& shards);
};

/// Stores in the layout of a stream, if there is one, that its rules were changed on purpose. So a worker
/// that dies before it has stored a position with the new rules may start with them.
std::optional<Error> accept_rules(mongo::ClientPool& pool, const std::string& state_database,
                                  const std::string& stream_id, const AcceptedRules& accepted);

}  // namespace sluice::checkpoint
