#include "checkpoint/acquisition.hpp"

#include <algorithm>

namespace sluice::checkpoint {

namespace {

using Fact = flow::DoneTable::Fact;

Held held_by(const ShardRecord& shard, std::int64_t now_ms) {
  return {shard.id, shard.holder.text(), shard.expires_at_ms - now_ms};
}

}  // namespace

AcquireResult Acquisition::run() {
  if (id_.split) split_positions(state_, *id_.split);
  layout_ = state_.touch_layout(id_.stream_id(), id_.count);
  // The backfill was begun since this shard last checked. Streaming at the same time would count changes
  // twice.
  if (layout_.fill && layout_.fill->running) return Held{id_.stream_id(), "", 0, true};
  if (layout_.count != id_.count) {
    if (auto held = change_layout()) return *held;
  }
  ShardRecord shard = state_.find_shard(id_.shard_id()).value_or(fresh_shard(id_.index));
  if (shard.held(layout_.now_ms, self_)) return held_by(shard, layout_.now_ms);
  check_rules(shard);
  return take(std::move(shard));
}

ShardRecord Acquisition::fresh_shard(int index) const {
  ShardRecord shard;
  shard.id = id_.shard_id_of(id_.count, index);
  shard.count = id_.count;
  shard.index = index;
  shard.options_hash = id_.options_hash;
  shard.floor = layout_.origin;
  return shard;
}

void Acquisition::check_rules(const ShardRecord& shard) const {
  const bool before_split = id_.split && shard.options_hash == id_.split->whole_hash;
  const bool same = shard.options_hash.empty() || shard.options_hash == id_.options_hash || before_split;
  if (same || !shard.floor || options_.accept_changed_rules || options_.restart_now) return;
  const auto& accepted = layout_.accepted;
  if (accepted && accepted->from == shard.options_hash && accepted->to == id_.options_hash) return;
  throw Stop(exit_code::position_lost,
             "the rules of " + id_.stream_id() +
                 " differ from those of its stored position: events up to there were processed with the old "
                 "rules. Start once with --accept-changed-rules to continue from the position with the new "
                 "rules (on_changed_rules: accept in the configuration does so every time), with --on-lost "
                 "rebuild to recompute all targets with the new rules, or with --restart-now to continue "
                 "from the present moment");
}

/// Carries positions over from the old number of shards to the new one. What each old shard did becomes a
/// fact that every new shard respects, and the new shards begin at the position of the slowest old one.
std::optional<Held> Acquisition::change_layout() {
  std::vector<ShardRecord> old = state_.find_shards(id_.stream_id(), layout_.count);
  for (const ShardRecord& shard : old) {
    if (shard.held(layout_.now_ms, self_)) return held_by(shard, layout_.now_ms);
  }
  std::vector<Fact> facts;
  std::optional<Position> floor;
  bool all_started = static_cast<int>(old.size()) == layout_.count;
  std::string hash = id_.options_hash;
  std::string filter;
  std::int64_t epoch = 0;
  for (const ShardRecord& shard : old) {
    const auto lanes = state_.find_lanes(shard.id);
    facts.insert(facts.end(), shard.facts.begin(), shard.facts.end());
    facts.push_back(fact_of(shard, lanes));
    if (shard.floor && (!floor || shard.floor->data() < floor->data())) {
      floor = shard.floor;
      filter = shard.filter_hash;
    }
    all_started = all_started && shard.floor;
    if (!shard.options_hash.empty()) hash = shard.options_hash;
    epoch = std::max(epoch, shard.epoch);
    state_.remove_lanes(shard.id);
  }
  // A shard that never ran has done nothing since the origin, or since the slowest position if no origin is
  // stored.
  const bool origin_first = layout_.origin && !(floor && floor->data() < layout_.origin->data());
  if (!all_started && origin_first) floor = layout_.origin;
  flow::DoneTable::prune(facts, floor ? floor->data() : std::string_view{});
  state_.remove_shards(id_.stream_id(), layout_.count);
  for (int index = 0; index < id_.count; ++index) {
    ShardRecord shard = fresh_shard(index);
    shard.floor = floor;
    shard.facts = facts;
    shard.options_hash = hash;
    shard.filter_hash = filter;
    // The highest old epoch, which the next acquisition raises. A holder that was suspended while the layout
    // changed from 4 to 5 and back to 4 shards must not find its own epoch again.
    shard.epoch = epoch;
    state_.put_shard(shard, id_.stream_id());
  }
  state_.set_layout_count(id_.stream_id(), id_.count);
  return std::nullopt;
}

AcquireResult Acquisition::take(ShardRecord shard) {
  std::vector<LaneRecord> lanes = state_.find_lanes(shard.id);
  const bool same_lanes =
      !options_.restart_now && static_cast<int>(lanes.size()) == id_.lanes && shard.lanes == id_.lanes;
  if (!same_lanes && !lanes.empty()) shard.facts.push_back(fact_of(shard, lanes));
  flow::DoneTable::prune(shard.facts, shard.floor_data());
  ++shard.epoch;
  if (same_lanes) {
    state_.set_lanes_epoch(shard.id, shard.epoch);
  } else {
    lanes = make_lanes(shard);
  }
  shard.lanes = id_.lanes;
  // Other rules may have dropped other effects beyond the floor, so the windows are then not exact.
  const bool changed_rules = shard.options_hash != id_.options_hash;
  same_rules_ = !changed_rules || (id_.split && shard.options_hash == id_.split->whole_hash);
  if (shard.windows && changed_rules) {
    for (DedupRecord& one : *shard.windows) one.window.exact = false;
  }
  shard.has_holder = true;
  shard.holder = self_;
  shard.since_ms = layout_.now_ms;
  shard.expires_at_ms = layout_.now_ms + options_.lease_ms;
  if (!options_.restart_now) shard.options_hash = id_.options_hash;
  state_.put_shard(shard, id_.stream_id());
  if (options_.restart_now) {
    // In the database these stay until a new position is stored: a process that takes the shard before
    // continues from them.
    shard.floor.reset();
    shard.facts.clear();
    shard.windows.reset();
  }
  return acquired(shard, lanes);
}

std::vector<LaneRecord> Acquisition::make_lanes(const ShardRecord& shard) {
  state_.remove_lanes(shard.id);
  std::vector<LaneRecord> lanes;
  for (int lane = 0; lane < id_.lanes; ++lane) {
    lanes.push_back({id_.lane_id(lane), lane, 0, ""});
    state_.insert_lane(lanes.back(), shard.id, shard.epoch);
  }
  return lanes;
}

Acquired Acquisition::acquired(const ShardRecord& shard, const std::vector<LaneRecord>& lanes) const {
  Acquired result;
  result.epoch = shard.epoch;
  result.floor = shard.floor;
  for (const LaneRecord& lane : lanes) result.lanes.push_back({lane.id, shard.epoch, lane.seq});
  result.filter_changed = shard.floor && shard.filter_hash != id_.filter_hash;
  result.was_filled = layout_.fill.has_value();
  if (layout_.fill) result.filled = layout_.fill->rules;
  result.maintained = layout_.maintained;
  result.same_rules = same_rules_;
  result.windows = shard.windows;
  result.facts = shard.facts;
  result.facts.push_back(fact_of(shard, lanes));
  const auto count = static_cast<std::uint64_t>(id_.count);
  const auto index = static_cast<std::uint64_t>(id_.index);
  // Of the present layout only this shard's facts matter, and they apply to every event that this shard is
  // sent.
  std::erase_if(result.facts, [&](const Fact& fact) { return fact.count == count && fact.index != index; });
  for (Fact& fact : result.facts) {
    if (fact.count == count) fact = {1, 0, fact.floor, fact.lanes};
  }
  return result;
}

}  // namespace sluice::checkpoint
