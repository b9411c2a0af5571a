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

/// This process holds the shard under this epoch, and the shard has done this.
struct Acquired {
  std::int64_t epoch = 0;
  std::optional<Position> floor;  ///< every event up to here is done; absent at the very first start
  std::vector<LaneGuard> lanes;
  std::vector<flow::DoneTable::Fact> facts;  ///< what is done beyond the floor
  std::vector<BackfillMark> filled;          ///< the counters that a backfill has computed
  bool was_filled = false;                   ///< a backfill or a rebuild was done
  /// The rules that maintain documents; absent if an earlier version made the layout.
  std::optional<std::vector<MaintainedRule>> maintained = {};
  bool same_rules = true;       ///< the floor was stored with the present rules
  bool filter_changed = false;  ///< the floor was read under another filter than the present one
  /// The dedup windows of rules with `dedup_s`, as of the floor.
  std::optional<std::vector<DedupRecord>> windows = {};
  /// By rule: the token up to which another program has published its changes; "" or missing if there is
  /// none.
  std::vector<std::string> told_elsewhere = {};
};

/// Another process holds the shard (or, if the number of shards has changed, one of the old layout).
struct Held {
  std::string shard;
  std::string holder;
  std::int64_t for_ms = 0;
  bool filling = false;  ///< a backfill must run first, in any process
};

using AcquireResult = std::variant<Acquired, Held, Error>;

struct AcquireOptions {
  bool restart_now = false;
  bool accept_changed_rules = false;
  int lease_ms = 10000;
};

/// Takes a shard in a transaction, which the caller commits if the result is Acquired. Positions are carried
/// over if the number of shards or lanes has changed. All arguments must outlive it.
class Acquisition {
 public:
  Acquisition(StateTransaction& state, const ShardId& id, const AcquireOptions& options,
              const LeaseHolder& self)
      : state_(state), id_(id), options_(options), self_(self) {}

  /// Throws Stop, with the remedy, if the present rules must not continue from the stored position.
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
