#pragma once

#include <optional>
#include <string>
#include <vector>

#include "checkpoint/dedup_record.hpp"
#include "checkpoint/lease_holder.hpp"
#include "core/position.hpp"
#include "flow/done_table.hpp"
#include "mongo/transaction.hpp"

/// The documents of the state database as the checkpoint store reads and writes them.
namespace sluice::checkpoint {

struct LaneRecord {
  std::string id;
  int lane = 0;
  std::int64_t seq = 0;
  std::string token;  ///< the token's _data; empty when the lane never committed

  static LaneRecord read(bson::View document);
};

struct ShardRecord {
  std::string id;
  int count = 1;
  int index = 0;
  int lanes = 0;
  std::int64_t epoch = 0;
  LeaseHolder holder;
  bool has_holder = false;
  std::int64_t expires_at_ms = 0;
  std::int64_t since_ms = 0;  ///< when the holder took it; 0 if that was not stored
  std::string options_hash;
  std::optional<Position> floor;
  std::string filter_hash;  ///< hash of the filter under which the floor was read
  std::vector<flow::DoneTable::Fact> facts;
  std::optional<std::vector<DedupRecord>> windows = {};  ///< as of the floor

  static ShardRecord read(bson::View document);

  /// Whether another process, which may still run, holds the shard.
  bool held(std::int64_t now_ms, const LeaseHolder& self) const {
    return has_holder && expires_at_ms > now_ms && !(holder == self) && !holder.is_gone();
  }
  std::string floor_data() const { return floor ? std::string(floor->data()) : std::string(); }
};

/// A backfill computed the rule's counters as of cluster time `at`, so they contain every change up to then.
struct BackfillMark {
  std::string rule;
  std::uint64_t at = 0;
};

/// A backfill that was begun. While it runs, no shard of the stream streams.
struct BackfillRecord {
  bool running = false;
  bool rebuild = false;  ///< it makes up for a lost position
  std::vector<BackfillMark> rules;

  static std::optional<BackfillRecord> read(bson::View document);
};

/// A change of rules that an operator made while workers ran. A worker with the new rules may continue from a
/// position that was stored with the old ones.
struct AcceptedRules {
  std::string from;  ///< options hashes, as stored with the shards
  std::string to;
};

/// A rule that maintains documents, and whether these are complete. They are if the sources were empty when
/// the rule began, or if a backfill or a repair of the whole rule has been done.
struct MaintainedRule {
  std::string rule;
  std::string hash;  ///< identifies what the rule does: a changed rule has another hash
  bool filled = false;
  std::uint64_t since = 0;  ///< cluster time from which on the rule has processed changes

  static MaintainedRule read(bson::View document);
  void append_to(bson::Builder& out) const;

  friend bool operator==(const MaintainedRule&, const MaintainedRule&) = default;
};

struct LayoutRecord {
  int count = 1;
  std::int64_t now_ms = 0;  ///< the server's clock
  std::optional<Position> origin;
  std::optional<BackfillRecord> fill;
  std::optional<AcceptedRules> accepted = {};
  /// Absent in a layout that an earlier version made.
  std::optional<std::vector<MaintainedRule>> maintained = {};

  static LayoutRecord read(bson::View document);
};

/// What a shard has done, as a fact that later holders under any layout respect.
flow::DoneTable::Fact fact_of(const ShardRecord& shard, const std::vector<LaneRecord>& lanes);

/// Reads the rules that a layout remembers; nothing if it has no such list.
std::optional<std::vector<MaintainedRule>> read_maintained(bson::View layout);

std::optional<Position> read_position(bson::View document);
void append_position(bson::Builder& out, const Position& position);

/// Statements on the state database in one transaction. A statement that fails throws StateError, so that a
/// sequence of them needs no checks.
struct StateError {
  Error error;
};

class StateTransaction {
 public:
  StateTransaction(mongoc_client_t* client, const std::string& database);

  /// Reads the layout of a stream, or creates it with `count` shards. The document is written in any case, so
  /// that any two acquisitions of one stream conflict and happen one after the other.
  LayoutRecord touch_layout(const std::string& stream_id, int count);
  std::optional<LayoutRecord> find_layout(const std::string& stream_id);
  /// Creates or replaces the layout.
  void put_layout(const std::string& stream_id, int count, const Position& origin);
  void set_layout_count(const std::string& stream_id, int count);
  /// Begins a backfill and deletes what is stored about earlier ones; with `rebuild`, also the origin.
  void begin_fill(const std::string& stream_id, bool rebuild);

  std::optional<ShardRecord> find_shard(const std::string& id);
  /// Without their dedup windows, which may be large: all shards must fit into one answer.
  std::vector<ShardRecord> find_shards(const std::string& stream_id, int count);
  void put_shard(const ShardRecord& shard, const std::string& stream_id);
  void remove_shards(const std::string& stream_id, int count);
  /// Deletes the positions and the origin of a stream, so that it begins anew. Its present holders are
  /// fenced.
  void forget(const std::string& stream_id);

  std::vector<LaneRecord> find_lanes(const std::string& shard_id);
  void remove_lanes(const std::string& shard_id);
  void insert_lane(const LaneRecord& lane, const std::string& shard_id, std::int64_t epoch);
  void set_lanes_epoch(const std::string& shard_id, std::int64_t epoch);

  /// Any other statement.
  mongo::Reply command(bson::Builder& command, mongo::Doing doing) { return run(command, doing); }

  void commit();

 private:
  mongo::Reply run(bson::Builder& command, mongo::Doing doing);

  std::string database_;
  mongo::Transaction transaction_;
};

}  // namespace sluice::checkpoint
