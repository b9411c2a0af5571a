#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "checkpoint/lease_holder.hpp"
#include "checkpoint/shard_id.hpp"
#include "checkpoint/shard_records.hpp"
#include "core/batch.hpp"
#include "core/position.hpp"
#include "flow/done_table.hpp"

namespace sluice::checkpoint {

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

struct AcquireOptions {
  bool restart_now = false;
  bool accept_changed_rules = false;
  int lease_ms = 10000;
};

/// Takes a shard inside one transaction, which its caller commits if the result is Acquired. A changed number
/// of shards or lanes is carried over. All arguments must outlive it.
class Acquisition {
 public:
  Acquisition(StateTransaction& state, const ShardId& id, const AcquireOptions& options,
              const LeaseHolder& self)
      : state_(state), id_(id), options_(options), self_(self) {}

  /// Throws Stop, with the remedy, for a position that must not be used by the rules of now.
  AcquireResult run();

 private:
  ShardRecord fresh_shard(int index) const;
  void check_rules(const ShardRecord& shard) const;
  std::optional<Held> change_layout();
  AcquireResult take(ShardRecord shard);
  std::vector<LaneRecord> make_lanes(const ShardRecord& shard);
  Acquired acquired(const ShardRecord& shard, const std::vector<LaneRecord>& lanes) const;

  StateTransaction& state_;
  const ShardId& id_;
  const AcquireOptions& options_;
  const LeaseHolder& self_;
  LayoutRecord layout_;
  bool same_rules_ = true;
};

}  // namespace sluice::checkpoint
