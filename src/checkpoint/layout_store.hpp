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
  bool refused = false;  ///< one was wanted, and the stream has a position already
};

/// Under which epoch a position was found to be lost; 0 where it was refused before the shard was taken.
struct LostPosition {
  std::int64_t epoch = 0;
};

/// What the state database knows of a stream as a whole: the position at which its first shard began, its
/// backfill or rebuild, and the rules that keep documents true. Blocks; thread-safe in that each call takes a
/// client of its own.
class LayoutStore {
 public:
  /// `self` names the instance whose connections are in the pool.
  LayoutStore(mongo::ClientPool& pool, std::string database, ShardId id, LeaseHolder self)
      : pool_(pool), database_(std::move(database)), id_(std::move(id)), self_(std::move(self)) {}

  /// Makes the collections: a transaction should not have to.
  std::optional<Error> prepare();

  /// Gives the stream the position that its rules have from before they ran in two streams, if they do.
  std::optional<Error> take_split_position();

  /// The position at which the first of all shards began. Shards that start later begin there too, so that
  /// nothing between is lost. `mine` is stored if none was.
  std::optional<Error> agree_on_origin(const Position& mine, Position& agreed);

  /// Makes sure of one before any shard has begun: `now` opens a stream and tells where it stands, and is
  /// asked only where there is none.
  std::optional<Error> settle_origin(const std::function<std::optional<Error>(Position&)>& now);

  /// Whether a backfill is under way, or was. `wanted`: begins one if the stream has not streamed yet.
  std::optional<Error> fill_state(bool wanted, FillState& state);

  /// Forgets all positions of the stream and begins a backfill that makes good what they lost. All other
  /// shards are fenced off. Nothing happens if another shard has done so since this one was `lost`.
  std::optional<Error> begin_rebuild(const LostPosition& lost);

  /// A rule's targets are filled as of a moment. `hash`: of what it keeps.
  std::optional<Error> add_filled(const BackfillMark& filled, const std::string& hash);

  std::optional<Error> end_fill();

  /// Adds these to the rules that the layout remembers, where it does not know them, and takes out those
  /// that are none of `hashes`. `anew`: they take the place of what it knows of them.
  std::optional<Error> note_maintained(const std::vector<MaintainedRule>& news,
                                       const std::vector<std::string>& hashes, bool anew);

  const ShardId& id() const { return id_; }

 protected:
  mongo::ClientPool& pool_;
  const std::string database_;
  const ShardId id_;
  const LeaseHolder self_;

 private:
  std::optional<Error> update_layout(bson::Builder& update);
  std::optional<Error> try_to_rebuild(mongoc_client_t* client, const LostPosition& lost,
                                      std::vector<ShardRecord>& shards);
  std::optional<Error> bar_lanes(mongoc_client_t* client, const std::vector<ShardRecord>& shards);
};

/// Notes in the layout of a stream, if there is one, that its rules were changed on purpose. So a worker
/// that dies before it has taken them up may start with them.
std::optional<Error> accept_rules(mongo::ClientPool& pool, const std::string& state_database,
                                  const std::string& stream_id, const AcceptedRules& accepted);

}  // namespace sluice::checkpoint
