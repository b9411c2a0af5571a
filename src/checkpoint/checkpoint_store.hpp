#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "checkpoint/lease_holder.hpp"
#include "checkpoint/shard_records.hpp"
#include "checkpoint/split_positions.hpp"
#include "core/batch.hpp"
#include "core/position.hpp"
#include "flow/done_table.hpp"
#include "mongo/client.hpp"

namespace sluice::checkpoint {

/// Which shard of which stream of which pipeline, and how it is going to be run.
struct ShardId {
  std::string pipeline;
  std::string stream;
  int count = 1;
  int index = 0;
  int lanes = 1;
  std::string options_hash;
  std::string filter_hash = {};
  std::optional<SplitPositions> split = {};

  std::string stream_id() const { return pipeline + "/" + stream; }
  std::string shard_id() const { return shard_id_of(count, index); }
  std::string shard_id_of(int of, int at) const {
    return stream_id() + "/" + std::to_string(at) + "-of-" + std::to_string(of);
  }
  std::string lane_id(int lane) const {
    return shard_id() + "/lane-" + std::to_string(lane) + "-of-" + std::to_string(lanes);
  }
};

/// The shard is ours, under this epoch, and this is where it stands.
struct Acquired {
  std::int64_t epoch = 0;
  std::optional<Position> floor;  ///< every event up to here is done; absent at the very first start
  std::vector<LaneGuard> lanes;
  std::vector<flow::DoneTable::Fact> facts;  ///< what is done beyond the floor
  std::vector<BackfillMark> filled;          ///< what a backfill has anticipated
  bool was_filled = false;                   ///< a backfill has been, or a rebuild
  bool layout_changed = false;
  /// Of the rules that keep documents true; absent where an earlier version made the layout.
  std::optional<std::vector<MaintainedRule>> maintained = {};
  bool same_rules = true;       ///< the floor was stored by the rules of now
  bool filter_changed = false;  ///< the floor was read under another filter than the present one
  /// Of the rules with `dedup_s`, as of the floor.
  std::optional<std::vector<DedupRecord>> windows = {};
  /// By rule: up to which token another program has published its changes; "" or missing for none.
  std::vector<std::string> told_elsewhere = {};
};

/// The shard (or, with another shard count, one of the old layout) is somebody else's for now.
struct Held {
  std::string shard;
  std::string holder;
  std::int64_t for_ms = 0;
  bool filling = false;  ///< a backfill comes first, whoever does it
};

using AcquireResult = std::variant<Acquired, Held, Error>;

/// See CheckpointStore::fill_state().
struct FillState {
  std::optional<BackfillRecord> fill;
  bool refused = false;  ///< one was wanted, and the stream has a position already
};

/// Under which epoch a position was found to be lost; 0 where it was refused before the shard was taken.
struct LostPosition {
  std::int64_t epoch = 0;
};

struct AcquireOptions {
  bool restart_now = false;
  bool accept_changed_rules = false;
  int lease_ms = 10000;
};

/// The state database: one document a shard (lease, epoch, floor) and one a lane (position, number of
/// commits). Lanes' positions are moved by the sink, in the transaction of their effects; everything else is
/// moved here. Every change names the epoch it is made under, so a holder that was taken over changes nothing
/// any more. Blocks; thread-safe in that each call takes a client of its own.
class CheckpointStore {
 public:
  /// `self` names the instance whose connections are in the pool.
  CheckpointStore(mongo::ClientPool& pool, std::string database, ShardId id, LeaseHolder self)
      : pool_(pool), database_(std::move(database)), id_(std::move(id)), self_(std::move(self)) {}

  /// Makes the collections: a transaction should not have to.
  std::optional<Error> prepare();

  /// Takes the lease, or says who has it. Throws Stop when the stored position must not be used as things are
  /// (changed rules), with the remedy. A changed number of shards or lanes is carried over.
  AcquireResult acquire(const AcquireOptions& options);

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

  /// Adds these to the rules that the layout remembers, where it does not know them, and takes out those that
  /// are none of `hashes`. `anew`: they take the place of what it knows of them.
  std::optional<Error> note_maintained(const std::vector<MaintainedRule>& news,
                                       const std::vector<std::string>& hashes, bool anew);

  /// Renews the lease and, where given, moves the floor. `forget_facts`: the stream has passed all of them.
  /// `windows`: the dedup windows as of the floor; without them those that are stored stay.
  /// ErrorKind::fenced when the shard is somebody else's.
  std::optional<Error> renew(std::int64_t epoch, int lease_ms, const std::optional<Position>& floor,
                             bool forget_facts, const std::optional<std::vector<DedupRecord>>& windows = {});

  /// Gives the lease back, so that the next holder need not wait.
  std::optional<Error> release(std::int64_t epoch);

  const ShardId& id() const { return id_; }

 private:
  std::optional<Error> update_layout(bson::Builder& update);
  std::optional<Error> try_to_rebuild(mongoc_client_t* client, const LostPosition& lost,
                                      std::vector<ShardRecord>& shards);
  std::optional<Error> bar_lanes(mongoc_client_t* client, const std::vector<ShardRecord>& shards);
  std::optional<Error> end_transactions_of_the_dead(mongoc_client_t* client, int lease_ms);

  mongo::ClientPool& pool_;
  std::string database_;
  ShardId id_;
  LeaseHolder self_;
};

/// Notes in the layout of a stream, if there is one, that its rules were changed on purpose. So a worker that
/// dies before it has taken them up may start with them.
std::optional<Error> accept_rules(mongo::ClientPool& pool, const std::string& state_database,
                                  const std::string& stream_id, const AcceptedRules& accepted);

}  // namespace sluice::checkpoint
