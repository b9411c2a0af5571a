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
  std::int64_t since_ms = 0;  ///< when the holder took it; 0 where that was not written down
  std::string options_hash;
  std::optional<Position> floor;
  std::string filter_hash;  ///< of the filter under which the floor was read
  std::vector<flow::DoneTable::Fact> facts;
  std::optional<std::vector<DedupRecord>> windows = {};  ///< as of the floor

  static ShardRecord read(bson::View document);

  /// Whether somebody else who may still run has it.
  bool held(std::int64_t now_ms, const LeaseHolder& self) const {
    return has_holder && expires_at_ms > now_ms && !(holder == self) && !holder.is_gone();
  }
  std::string floor_data() const { return floor ? std::string(floor->data()) : std::string(); }
};

/// Of this rule's counters, every change up to this cluster time is in: they were computed afresh as of then.
struct BackfillMark {
  std::string rule;
  std::uint64_t at = 0;
};

/// A backfill that was begun: while it runs, no shard of the stream streams.
struct BackfillRecord {
  bool running = false;
  bool rebuild = false;  ///< it makes good a lost position
  std::vector<BackfillMark> rules;

  static std::optional<BackfillRecord> read(bson::View document);
};

/// A change of rules that an operator made while workers ran: whoever comes by the new ones may go on from a
/// position that was made with the old ones.
struct AcceptedRules {
  std::string from;  ///< hashes of the options, as the shards have them
  std::string to;
};

/// A rule that keeps documents true, and whether what it keeps is complete: its sources held nothing when it
/// began, or a backfill or a repair has been.
struct MaintainedRule {
  std::string rule;
  std::string hash;  ///< of what it keeps: a rule that is changed is another one
  bool filled = false;
  std::uint64_t since = 0;  ///< cluster time from which on it has been told of changes

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

/// What a shard has done, as later holders under any layout honour it.
flow::DoneTable::Fact fact_of(const ShardRecord& shard, const std::vector<LaneRecord>& lanes);

/// `maintained` of a layout.
std::optional<std::vector<MaintainedRule>> read_maintained(bson::View layout);

std::optional<Position> read_position(bson::View document);
void append_position(bson::Builder& out, const Position& position);

/// Statements on the state database inside one transaction. Each throws StateError, which carries the reason,
/// so that a sequence of them reads as one.
struct StateError {
  Error error;
};

class StateTransaction {
 public:
  StateTransaction(mongoc_client_t* client, const std::string& database);

  /// The layout of a stream; made with `count` shards where there is none. Touching it makes every two
  /// acquisitions of one stream conflict, so that they happen one after the other.
  LayoutRecord touch_layout(const std::string& stream_id, int count);
  std::optional<LayoutRecord> find_layout(const std::string& stream_id);
  /// Makes or replaces it.
  void put_layout(const std::string& stream_id, int count, const Position& origin);
  void set_layout_count(const std::string& stream_id, int count);
  /// Begins a backfill; with `rebuild`, the origin and what was filled before are forgotten.
  void begin_fill(const std::string& stream_id, bool rebuild);

  std::optional<ShardRecord> find_shard(const std::string& id);
  /// Without their windows, which may be large: all must fit into one answer.
  std::vector<ShardRecord> find_shards(const std::string& stream_id, int count);
  void put_shard(const ShardRecord& shard, const std::string& stream_id);
  void remove_shards(const std::string& stream_id, int count);
  /// Where a stream stands, and where it began: it begins anew. Whoever runs it is fenced off.
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
