#include "checkpoint/layout_store.hpp"

#include <algorithm>

#include "config/state_names.hpp"
#include "mongo/error.hpp"
#include "mongo/session_recorder.hpp"

namespace sluice::checkpoint {

std::optional<Error> LayoutStore::prepare() {
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

std::optional<Error> LayoutStore::take_split_position() {
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

std::optional<Error> LayoutStore::agree_on_origin(const Position& mine, Position& agreed) {
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

std::optional<Error> LayoutStore::any_has_run(bool& any) {
  const auto client = pool_.acquire();
  bson::Builder find;
  find.append("find", state::shards).open("filter").append("streamId", id_.stream_id());
  find.open("token").append("$type", "object").close().close().append("limit", 1);
  const mongo::Reply found =
      mongo::run_command(client.get(), database_, find.finish(), mongo::Doing::reading);
  if (!found.ok()) return found.error;
  any = static_cast<bool>(found.view().at_path("cursor.firstBatch").document().at("0"));
  return std::nullopt;
}

std::optional<Error> LayoutStore::settle_origin(const FindPresent& now) {
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
  bool has_run = false;
  if (auto error = any_has_run(has_run)) return error;
  Position mine;
  if (auto error = now(mine, has_run)) return error;
  Position agreed;
  return agree_on_origin(mine, agreed);
}

std::optional<Error> LayoutStore::fill_state(bool wanted, FillState& state) {
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
    // A shard that was taken just now has no position yet, but will have one soon.
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

std::optional<Error> LayoutStore::begin_rebuild(const LostPosition& lost) {
  const auto client = pool_.acquire();
  std::vector<ShardRecord> shards;
  auto error = try_to_rebuild(client.get(), lost, shards);
  if (!error || error->code != mongo::write_conflict || shards.empty()) return error;
  if (auto barred = bar_lanes(client.get(), shards)) return barred;
  return try_to_rebuild(client.get(), lost, shards);
}

/// `shards`: after an error, the shards whose lanes may have caused a conflict.
std::optional<Error> LayoutStore::try_to_rebuild(mongoc_client_t* client, const LostPosition& lost,
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

/// Raises the epoch of all lanes, outside a transaction. Lanes that commit batch after batch win every
/// conflict with a transaction that changes all of them. This plain write waits for its turn at each lane and
/// fences it, so that no lane conflicts for a while.
std::optional<Error> LayoutStore::bar_lanes(mongoc_client_t* client, const std::vector<ShardRecord>& shards) {
  bson::Builder command;
  command.append("update", state::lanes).open_array("updates").open(command.item());
  command.open("q").open("shard").open_array("$in");
  for (const ShardRecord& shard : shards) command.append(command.item(), shard.id);
  command.close().close().close();
  command.open("u").open("$inc").append("epoch", std::int64_t{1}).close().close().append("multi", true);
  return mongo::run_command(client, database_, command.finish(), mongo::Doing::storing).error;
}

std::optional<Error> LayoutStore::update_layout(bson::Builder& update) {
  bson::Builder command;
  command.append("update", state::layouts).open_array("updates").open(command.item());
  command.open("q").append("_id", id_.stream_id()).append("fill.running", true).close();
  command.append("u", update.finish()).close().close();
  command.open("writeConcern").append("w", "majority").close();
  const auto client = pool_.acquire();
  return mongo::run_command(client.get(), database_, command.finish(), mongo::Doing::storing).error;
}

std::optional<Error> LayoutStore::add_filled(const BackfillMark& filled, const std::string& hash) {
  bson::Builder update;
  update.open("$push").open("fill.rules").append("rule", filled.rule).append_timestamp("at", filled.at);
  update.close().open("maintained");
  MaintainedRule{filled.rule, hash, true, filled.at}.append_to(update);
  update.close().close();
  return update_layout(update);
}

std::optional<Error> LayoutStore::note_maintained(const std::vector<MaintainedRule>& news,
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

std::optional<Error> LayoutStore::end_fill() {
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
