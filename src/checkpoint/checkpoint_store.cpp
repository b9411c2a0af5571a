#include "checkpoint/checkpoint_store.hpp"

#include <algorithm>
#include <set>

#include "checkpoint/shard_records.hpp"
#include "config/state_names.hpp"
#include "mongo/end_transactions.hpp"
#include "mongo/error.hpp"
#include "mongo/session_recorder.hpp"

namespace sluice::checkpoint {

namespace {

using Fact = flow::DoneTable::Fact;

Held held_by(const ShardRecord& shard, std::int64_t now_ms) {
  return {shard.id, shard.holder.text(), shard.expires_at_ms - now_ms};
}

/// One acquisition, inside one transaction.
class Acquisition {
 public:
  Acquisition(StateTransaction& state, const ShardId& id, const AcquireOptions& options,
              const LeaseHolder& self)
      : state_(state), id_(id), options_(options), self_(self) {}

  AcquireResult run() {
    if (id_.split) split_positions(state_, *id_.split);
    layout_ = state_.touch_layout(id_.stream_id(), id_.count);
    // One that was begun since this shard looked: streaming beside it would count what it counts.
    if (layout_.fill && layout_.fill->running) return Held{id_.stream_id(), "", 0, true};
    if (layout_.count != id_.count) {
      if (auto held = change_layout()) return *held;
    }
    ShardRecord shard = state_.find_shard(id_.shard_id()).value_or(fresh_shard(id_.index));
    if (shard.held(layout_.now_ms, self_)) return held_by(shard, layout_.now_ms);
    check_rules(shard);
    return take(std::move(shard));
  }

 private:
  ShardRecord fresh_shard(int index) const {
    ShardRecord shard;
    shard.id = id_.shard_id_of(id_.count, index);
    shard.count = id_.count;
    shard.index = index;
    shard.options_hash = id_.options_hash;
    shard.floor = layout_.origin;
    return shard;
  }

  void check_rules(const ShardRecord& shard) const {
    const bool before_split = id_.split && shard.options_hash == id_.split->whole_hash;
    const bool same = shard.options_hash.empty() || shard.options_hash == id_.options_hash || before_split;
    if (same || !shard.floor || options_.accept_changed_rules || options_.restart_now) return;
    const auto& accepted = layout_.accepted;
    if (accepted && accepted->from == shard.options_hash && accepted->to == id_.options_hash) return;
    throw Stop(exit_code::position_lost,
               "the rules of " + id_.stream_id() +
                   " differ from those of its stored position: events up to there were processed with the "
                   "old rules. Start once with --accept-changed-rules to continue from the position with the "
                   "new rules (on_changed_rules: accept in the configuration does so every time), with "
                   "--on-lost rebuild to recompute all targets with the new rules, or with --restart-now to "
                   "continue from the present moment");
  }

  /// From the old number of shards to the new one: what each old shard did becomes a fact that every new
  /// shard honours, and the new ones start where the slowest old one stood.
  std::optional<Held> change_layout() {
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
    // A shard that never ran has done nothing since the origin, or since the slowest where nobody knows one.
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
      // Above all epochs there were: a holder that slept through 4 to 5 to 4 shards must not find its own
      // again.
      shard.epoch = epoch;
      state_.put_shard(shard, id_.stream_id());
    }
    state_.set_layout_count(id_.stream_id(), id_.count);
    return std::nullopt;
  }

  AcquireResult take(ShardRecord shard) {
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
    // Other rules may have judged otherwise what was done beyond the floor.
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
      // Stored it all stays until there is another position: whoever comes before that goes on from it.
      shard.floor.reset();
      shard.facts.clear();
      shard.windows.reset();
    }
    return acquired(shard, lanes);
  }

  std::vector<LaneRecord> make_lanes(const ShardRecord& shard) {
    state_.remove_lanes(shard.id);
    std::vector<LaneRecord> lanes;
    for (int lane = 0; lane < id_.lanes; ++lane) {
      lanes.push_back({id_.lane_id(lane), lane, 0, ""});
      state_.insert_lane(lanes.back(), shard.id, shard.epoch);
    }
    return lanes;
  }

  Acquired acquired(const ShardRecord& shard, const std::vector<LaneRecord>& lanes) const {
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
    // Of this very layout only this shard's facts matter, and they hold for every event it is sent.
    std::erase_if(result.facts, [&](const Fact& fact) { return fact.count == count && fact.index != index; });
    for (Fact& fact : result.facts) {
      if (fact.count == count) fact = {1, 0, fact.floor, fact.lanes};
      result.layout_changed |= fact.count > 1;
    }
    return result;
  }

  StateTransaction& state_;
  const ShardId& id_;
  const AcquireOptions& options_;
  const LeaseHolder& self_;
  LayoutRecord layout_;
  bool same_rules_ = true;
};

}  // namespace

std::optional<Error> CheckpointStore::prepare() {
  const auto client = pool_.acquire();
  for (const char* collection : {state::layouts, state::shards, state::lanes, state::dead_letters,
                                 state::audits, state::snapshots, state::sessions}) {
    bson::Builder create;
    create.append("create", collection);
    const mongo::Reply reply =
        mongo::run_command(client.get(), database_, create.finish(), mongo::Doing::reading);
    if (reply.ok() || reply.error->code == mongo::namespace_exists) continue;
    std::optional<Error> error = reply.error;
    if (error->kind == ErrorKind::denied || mongo::is_denial(*error)) {
      error->message +=
          "; positions are kept in the database '" + database_ +
          "': grant the user readWrite on it, or choose one that it may write (--state-database)";
    }
    return error;
  }
  return mongo::SessionRecorder::expire_records(client.get(), database_, state::sessions);
}

/// A process that is killed leaves its open transactions to the server, which keeps their locks for a minute
/// by default: until then nobody could take over its lanes. They are known by the name of their connections:
/// that of a holder whose lease is over, or of a process of this machine that runs no more (one that died
/// while it took the shard was no holder yet). Elsewhere, a transaction that nobody has touched for as long
/// as a lease lives belongs to the dead or the stalled, and those do their batch again.
std::optional<Error> CheckpointStore::end_transactions_of_the_dead(mongoc_client_t* client, int lease_ms) {
  bson::Builder find;
  find.append("find", state::shards).open("filter").append("streamId", id_.stream_id()).close();
  find.open("projection").append(windows_field, 0).close();
  const mongo::Reply reply = mongo::run_command(client, database_, find.finish(), mongo::Doing::reading);
  if (!reply.ok()) return reply.error;
  const std::int64_t now_ms =
      static_cast<std::int64_t>(reply.view().at("operationTime").timestamp() >> 32) * 1000;
  std::set<std::string, std::less<>> dead;
  const bson::View shards = reply.view().at_path("cursor.firstBatch").document();
  for (const auto& [index, value] : shards) {
    const ShardRecord shard = ShardRecord::read(value.document());
    const bool ours = shard.count != id_.count || shard.index == id_.index;
    const bool over = shard.has_holder && !(shard.holder == self_) && !shard.held(now_ms, self_);
    if (ours && over) dead.insert(shard.holder.instance);
  }
  mongo::end_transactions(client, [&](const mongo::OpenTransaction& open) {
    return abandoned(open, self_, lease_ms, dead.contains(open.application));
  });
  return std::nullopt;
}

AcquireResult CheckpointStore::acquire(const AcquireOptions& options) {
  const auto client = pool_.acquire();
  try {
    if (auto error = end_transactions_of_the_dead(client.get(), options.lease_ms)) return *error;
    StateTransaction state(client.get(), database_);
    AcquireResult result = Acquisition(state, id_, options, self_).run();
    if (std::holds_alternative<Acquired>(result)) state.commit();
    return result;
  } catch (const StateError& failed) {
    return failed.error;
  }
}

std::optional<Error> CheckpointStore::take_split_position() {
  if (!id_.split) return std::nullopt;
  const auto client = pool_.acquire();
  try {
    StateTransaction state(client.get(), database_);
    split_positions(state, *id_.split);
    state.commit();
    return std::nullopt;
  } catch (const StateError& failed) {
    return failed.error;
  }
}

std::optional<Error> CheckpointStore::agree_on_origin(const Position& mine, Position& agreed) {
  const auto client = pool_.acquire();
  bson::Builder command;
  command.append("findAndModify", state::layouts).open("query").append("_id", id_.stream_id()).close();
  command.open_array("update").open(command.item()).open("$set").open("origin").open_array("$ifNull");
  command.append(command.item(), "$origin").open(command.item());
  command.open("token").append("$literal", mine.view()).close();
  command.append_timestamp("clusterTime", mine.cluster_time).append("atEvent", mine.at_event);
  command.close().close().close().close().close().close();
  command.append("new", true).open("writeConcern").append("w", "majority").close();
  const mongo::Reply reply =
      mongo::run_command(client.get(), database_, command.finish(), mongo::Doing::storing);
  if (!reply.ok()) return reply.error;
  agreed = read_position(reply.view().at_path("value.origin").document()).value_or(mine);
  return std::nullopt;
}

std::optional<Error> CheckpointStore::settle_origin(
    const std::function<std::optional<Error>(Position&)>& now) {
  {
    const auto client = pool_.acquire();
    bson::Builder command;
    command.append("findAndModify", state::layouts).open("query").append("_id", id_.stream_id()).close();
    command.open("update").open("$setOnInsert").append("count", id_.count);
    command.open_array("maintained").close().close().close();
    command.append("upsert", true).append("new", true);
    command.open("writeConcern").append("w", "majority").close();
    const mongo::Reply reply =
        mongo::run_command(client.get(), database_, command.finish(), mongo::Doing::storing);
    if (!reply.ok()) return reply.error;
    if (reply.view().at_path("value.origin").is_document()) return std::nullopt;
  }
  Position mine;
  if (auto error = now(mine)) return error;
  Position agreed;
  return agree_on_origin(mine, agreed);
}

std::optional<Error> CheckpointStore::renew(std::int64_t epoch, int lease_ms,
                                            const std::optional<Position>& floor, bool forget_facts,
                                            const std::optional<std::vector<DedupRecord>>& windows) {
  const auto client = pool_.acquire();
  bson::Builder command;
  command.append("update", state::shards).open_array("updates").open(command.item());
  command.open("q").append("_id", id_.shard_id()).append("epoch", epoch).close();
  command.open_array("u").open(command.item()).open("$set");
  command.open("expiresAt")
      .open_array("$add")
      .append(command.item(), "$$NOW")
      .append(command.item(), lease_ms);
  command.close().close().append("updatedAt", "$$NOW");
  if (floor) {
    command.open("token").append("$literal", floor->view()).close();
    command.append_timestamp("clusterTime", floor->cluster_time).append("atEvent", floor->at_event);
    command.append("filterHash", id_.filter_hash).append("optionsHash", id_.options_hash);
  }
  if (forget_facts) command.open_array("facts").close();
  if (windows) {
    command.open(windows_field);
    append_windows(command, "$literal", *windows);
    command.close();
  }
  command.close().close().close().close().close();
  command.open("writeConcern").append("w", "majority").close();
  const mongo::Reply reply =
      mongo::run_command(client.get(), database_, command.finish(), mongo::Doing::storing);
  if (!reply.ok()) return reply.error;
  if (reply.view().at("n").integer() == 1) return std::nullopt;
  return Error{ErrorKind::fenced, 0, "another worker has taken over " + id_.shard_id(), false};
}

std::optional<Error> CheckpointStore::release(std::int64_t epoch) {
  const auto client = pool_.acquire();
  bson::Builder command;
  command.append("update", state::shards).open_array("updates").open(command.item());
  command.open("q").append("_id", id_.shard_id()).append("epoch", epoch).close();
  command.open("u").open("$unset").append("holder", true).close().close().close().close();
  command.open("writeConcern").append("w", "majority").close();
  return mongo::run_command(client.get(), database_, command.finish(), mongo::Doing::storing).error;
}

std::optional<Error> CheckpointStore::fill_state(bool wanted, FillState& state) {
  const auto client = pool_.acquire();
  bson::Builder find;
  find.append("find", state::layouts).open("filter").append("_id", id_.stream_id()).close();
  const mongo::Reply found =
      mongo::run_command(client.get(), database_, find.finish(), mongo::Doing::reading);
  if (!found.ok()) return found.error;
  const bson::View known = found.view().at_path("cursor.firstBatch").document().at("0").document();
  state = {known ? LayoutRecord::read(known).fill : std::nullopt, false};
  if (!wanted || state.fill) return std::nullopt;
  try {
    StateTransaction transaction(client.get(), database_);
    const LayoutRecord layout = transaction.touch_layout(id_.stream_id(), id_.count);
    state.fill = layout.fill;
    if (layout.fill) return std::nullopt;
    const auto shards = transaction.find_shards(id_.stream_id(), layout.count);
    // One that was taken just now has no position yet, and is about to.
    const bool streamed = std::ranges::any_of(
        shards, [&](const ShardRecord& shard) { return shard.floor || shard.held(layout.now_ms, self_); });
    state.refused = streamed;
    if (streamed) return std::nullopt;
    transaction.begin_fill(id_.stream_id(), false);
    transaction.commit();
    state.fill = BackfillRecord{true, false, {}};
    return std::nullopt;
  } catch (const StateError& failed) {
    return failed.error;
  }
}

std::optional<Error> CheckpointStore::begin_rebuild(const LostPosition& lost) {
  const auto client = pool_.acquire();
  std::vector<ShardRecord> shards;
  auto error = try_to_rebuild(client.get(), lost, shards);
  if (!error || error->code != mongo::write_conflict || shards.empty()) return error;
  if (auto barred = bar_lanes(client.get(), shards)) return barred;
  return try_to_rebuild(client.get(), lost, shards);
}

/// `shards`: those whose lanes may be in the way where it fails.
std::optional<Error> CheckpointStore::try_to_rebuild(mongoc_client_t* client, const LostPosition& lost,
                                                     std::vector<ShardRecord>& shards) {
  try {
    StateTransaction transaction(client, database_);
    const LayoutRecord layout = transaction.touch_layout(id_.stream_id(), id_.count);
    const auto mine = transaction.find_shard(id_.shard_id());
    const bool changed =
        mine && (lost.epoch != 0 ? mine->epoch != lost.epoch : mine->options_hash == id_.options_hash);
    if (changed || (layout.fill && layout.fill->running)) return std::nullopt;
    shards = transaction.find_shards(id_.stream_id(), layout.count);
    for (ShardRecord& shard : shards) {
      transaction.remove_lanes(shard.id);
      shard.lanes = 0;
      shard.floor.reset();
      shard.facts.clear();
      shard.has_holder = false;
      shard.options_hash = id_.options_hash;
      ++shard.epoch;
      transaction.put_shard(shard, id_.stream_id());
    }
    transaction.begin_fill(id_.stream_id(), true);
    transaction.commit();
    return std::nullopt;
  } catch (const StateError& failed) {
    return failed.error;
  }
}

/// Lanes that commit batch after batch win every conflict with a transaction that is after all of them. A
/// plain write waits for its turn at each, and fences it off: then nobody is in the way for a while.
std::optional<Error> CheckpointStore::bar_lanes(mongoc_client_t* client,
                                                const std::vector<ShardRecord>& shards) {
  bson::Builder command;
  command.append("update", state::lanes).open_array("updates").open(command.item());
  command.open("q").open("shard").open_array("$in");
  for (const ShardRecord& shard : shards) command.append(command.item(), shard.id);
  command.close().close().close();
  command.open("u").open("$inc").append("epoch", std::int64_t{1}).close().close().append("multi", true);
  return mongo::run_command(client, database_, command.finish(), mongo::Doing::storing).error;
}

std::optional<Error> CheckpointStore::update_layout(bson::Builder& update) {
  bson::Builder command;
  command.append("update", state::layouts).open_array("updates").open(command.item());
  command.open("q").append("_id", id_.stream_id()).append("fill.running", true).close();
  command.append("u", update.finish()).close().close();
  command.open("writeConcern").append("w", "majority").close();
  const auto client = pool_.acquire();
  return mongo::run_command(client.get(), database_, command.finish(), mongo::Doing::storing).error;
}

std::optional<Error> CheckpointStore::add_filled(const BackfillMark& filled, const std::string& hash) {
  bson::Builder update;
  update.open("$push").open("fill.rules").append("rule", filled.rule).append_timestamp("at", filled.at);
  update.close().open("maintained");
  MaintainedRule{filled.rule, hash, true, filled.at}.append_to(update);
  update.close().close();
  return update_layout(update);
}

std::optional<Error> CheckpointStore::note_maintained(const std::vector<MaintainedRule>& news,
                                                      const std::vector<std::string>& hashes, bool anew) {
  bson::Builder command;
  command.append("update", state::layouts).open_array("updates");
  const auto pull = [&](const char* which, const auto& list, const auto& hash_of) {
    command.open(command.item()).open("q").append("_id", id_.stream_id()).close();
    command.open("u").open("$pull").open("maintained").open("hash").open_array(which);
    for (const auto& one : list) command.append(command.item(), hash_of(one));
    command.close().close().close().close().close().close();
  };
  pull("$nin", hashes, [](const std::string& hash) { return hash; });
  if (anew) pull("$in", news, [](const MaintainedRule& rule) { return rule.hash; });
  for (const MaintainedRule& rule : news) {
    command.open(command.item()).open("q").append("_id", id_.stream_id());
    command.open("maintained.hash").append("$ne", rule.hash).close().close();
    command.open("u").open("$push").open("maintained");
    rule.append_to(command);
    command.close().close().close().close();
  }
  command.close().open("writeConcern").append("w", "majority").close();
  const auto client = pool_.acquire();
  return mongo::run_command(client.get(), database_, command.finish(), mongo::Doing::storing).error;
}

std::optional<Error> CheckpointStore::end_fill() {
  bson::Builder update;
  update.open("$set").append("fill.running", false).close();
  return update_layout(update);
}

std::optional<Error> accept_rules(mongo::ClientPool& pool, const std::string& state_database,
                                  const std::string& stream_id, const AcceptedRules& accepted) {
  bson::Builder command;
  command.append("update", state::layouts).open_array("updates").open(command.item());
  command.open("q").append("_id", stream_id).close();
  command.open("u").open("$set").open("accepted");
  command.append("from", accepted.from).append("to", accepted.to).close().close().close().close().close();
  command.open("writeConcern").append("w", "majority").close();
  const auto client = pool.acquire();
  return mongo::run_command(client.get(), state_database, command.finish(), mongo::Doing::storing).error;
}

}  // namespace sluice::checkpoint
