#include "checkpoint/shard_records.hpp"

#include "config/state_names.hpp"

namespace sluice::checkpoint {

namespace {

constexpr int most_records = 100000;

int small(const bson::Value& value, int otherwise) {
  return static_cast<int>(value.integer().value_or(otherwise));
}

flow::DoneTable::Fact read_fact(bson::View document) {
  flow::DoneTable::Fact fact;
  fact.count = static_cast<std::uint64_t>(document.at("count").integer().value_or(1));
  fact.index = static_cast<std::uint64_t>(document.at("index").integer().value_or(0));
  fact.floor = document.at("floor").text();
  for (const auto& [key, value] : document.at("lanes").document()) fact.lanes.emplace_back(value.text());
  return fact;
}

void append_fact(bson::Builder& out, const flow::DoneTable::Fact& fact) {
  out.append("count", static_cast<std::int64_t>(fact.count))
      .append("index", static_cast<std::int64_t>(fact.index));
  out.append("floor", fact.floor).open_array("lanes");
  for (const std::string& lane : fact.lanes) out.append(out.item(), lane);
  out.close();
}

std::vector<bson::View> documents_of(const mongo::Reply& reply) {
  std::vector<bson::View> documents;
  const bson::View batch = reply.view().at_path("cursor.firstBatch").document();
  for (const auto& [key, value] : batch) documents.push_back(value.document());
  return documents;
}

}  // namespace

flow::DoneTable::Fact fact_of(const ShardRecord& shard, const std::vector<LaneRecord>& lanes) {
  std::vector<std::string> tokens;
  for (const LaneRecord& lane : lanes) tokens.push_back(lane.token);
  return {static_cast<std::uint64_t>(shard.count), static_cast<std::uint64_t>(shard.index),
          shard.floor_data(), std::move(tokens)};
}

std::optional<Position> read_position(bson::View document) {
  const bson::View token = document.at("token").document();
  if (!token) return std::nullopt;
  return Position::of(token, document.at("clusterTime").timestamp(), document.at("atEvent").boolean());
}

void append_position(bson::Builder& out, const Position& position) {
  out.append("token", position.view()).append_timestamp("clusterTime", position.cluster_time);
  out.append("atEvent", position.at_event);
}

ShardRecord ShardRecord::read(bson::View document) {
  ShardRecord shard;
  shard.id = document.at("_id").text();
  shard.count = small(document.at("count"), 1);
  shard.index = small(document.at("index"), 0);
  shard.lanes = small(document.at("lanes"), 0);
  shard.epoch = document.at("epoch").integer().value_or(0);
  shard.has_holder = document.at("holder").is_document();
  if (shard.has_holder) shard.holder = LeaseHolder::read(document.at("holder").document());
  shard.expires_at_ms = document.at("expiresAt").date_ms();
  shard.since_ms = document.at("since").date_ms();
  shard.options_hash = document.at("optionsHash").text();
  shard.floor = read_position(document);
  shard.filter_hash = document.at("filterHash").text();
  for (const auto& [key, value] : document.at("facts").document())
    shard.facts.push_back(read_fact(value.document()));
  if (const auto windows = document.at(windows_field); windows.is_array()) {
    shard.windows = read_windows(windows.document());
  }
  return shard;
}

LaneRecord LaneRecord::read(bson::View document) {
  return {std::string(document.at("_id").text()), small(document.at("lane"), 0),
          document.at("seq").integer().value_or(0), std::string(document.at_path("token._data").text())};
}

std::optional<BackfillRecord> BackfillRecord::read(bson::View document) {
  if (!document) return std::nullopt;
  BackfillRecord fill{document.at("running").boolean(), document.at("rebuild").boolean(), {}};
  for (const auto& [key, value] : document.at("rules").document()) {
    const bson::View one = value.document();
    fill.rules.push_back({std::string(one.at("rule").text()), one.at("at").timestamp()});
  }
  return fill;
}

MaintainedRule MaintainedRule::read(bson::View document) {
  return {std::string(document.at("rule").text()), std::string(document.at("hash").text()),
          document.at("filled").boolean(), document.at("since").timestamp()};
}

void MaintainedRule::append_to(bson::Builder& out) const {
  out.append("rule", rule).append("hash", hash).append("filled", filled).append_timestamp("since", since);
}

std::optional<std::vector<MaintainedRule>> read_maintained(bson::View layout) {
  const bson::Value list = layout.at("maintained");
  if (!list.is_array()) return std::nullopt;
  std::vector<MaintainedRule> rules;
  for (const auto& [key, value] : list.document()) rules.push_back(MaintainedRule::read(value.document()));
  return rules;
}

LayoutRecord LayoutRecord::read(bson::View document) {
  LayoutRecord layout{small(document.at("count"), 1), document.at("touchedAt").date_ms(),
                      read_position(document.at("origin").document()),
                      BackfillRecord::read(document.at("fill").document())};
  if (const bson::View accepted = document.at("accepted").document()) {
    layout.accepted = {std::string(accepted.at("from").text()), std::string(accepted.at("to").text())};
  }
  layout.maintained = read_maintained(document);
  return layout;
}

StateTransaction::StateTransaction(mongoc_client_t* client, const std::string& database)
    : database_(database), transaction_(client, mongo::Isolation::snapshot, nullptr) {
  if (transaction_.error()) throw StateError{*transaction_.error()};
}

mongo::Reply StateTransaction::run(bson::Builder& command, mongo::Doing doing) {
  mongo::Reply reply = transaction_.command(database_, command.finish(), doing);
  if (!reply.ok()) {
    // If two first starts conflict, the loser finds the winner's documents when it retries.
    if (reply.error->code == mongo::duplicate_key) reply.error->kind = ErrorKind::transient;
    throw StateError{*reply.error};
  }
  return reply;
}

LayoutRecord StateTransaction::touch_layout(const std::string& stream_id, int count) {
  bson::Builder command;
  command.append("findAndModify", state::layouts).open("query").append("_id", stream_id).close();
  command.open_array("update").open(command.item()).open("$set");
  command.open("count").open_array("$ifNull").append(command.item(), "$count").append(command.item(), count);
  command.close().close().append("touchedAt", "$$NOW");
  // An empty list means that no rule has begun yet. A layout that an earlier version made has no list, which
  // means that it is not known.
  command.open("maintained").open_array("$ifNull").append(command.item(), "$maintained");
  command.open(command.item()).open_array("$cond");
  command.open(command.item()).open_array("$eq").open(command.item()).append("$type", "$count").close();
  command.append(command.item(), "missing").close().close();
  command.open_array(command.item()).close().append(command.item(), "$$REMOVE").close().close();
  command.close().close().close().close().close();
  command.append("upsert", true).append("new", true);
  const mongo::Reply reply = run(command, mongo::Doing::writing);
  return LayoutRecord::read(reply.view().at("value").document());
}

std::optional<LayoutRecord> StateTransaction::find_layout(const std::string& stream_id) {
  bson::Builder find;
  find.append("find", state::layouts).open("filter").append("_id", stream_id).close();
  const mongo::Reply found = run(find, mongo::Doing::reading);
  const auto layouts = documents_of(found);
  if (layouts.empty()) return std::nullopt;
  return LayoutRecord::read(layouts.front());
}

void StateTransaction::put_layout(const std::string& stream_id, int count, const Position& origin) {
  bson::Builder command;
  command.append("update", state::layouts).open_array("updates").open(command.item());
  command.open("q").append("_id", stream_id).close();
  command.open("u").append("_id", stream_id).append("count", count).open("origin");
  append_position(command, origin);
  command.close().open_array("maintained").close().close().append("upsert", true);
  run(command, mongo::Doing::writing);
}

void StateTransaction::begin_fill(const std::string& stream_id, bool rebuild) {
  bson::Builder command;
  command.append("update", state::layouts).open_array("updates").open(command.item());
  command.open("q").append("_id", stream_id).close();
  command.open("u").open("$set").open("fill").append("running", true).append("rebuild", rebuild);
  command.open_array("rules").close().close().open_array("maintained").close().close();
  if (rebuild) command.open("$unset").append("origin", true).close();
  command.close().close().close();
  run(command, mongo::Doing::storing);
}

void StateTransaction::set_layout_count(const std::string& stream_id, int count) {
  bson::Builder command;
  command.append("update", state::layouts).open_array("updates").open(command.item());
  command.open("q").append("_id", stream_id).close();
  command.open("u").open("$set").append("count", count).close().close();
  run(command, mongo::Doing::writing);
}

std::optional<ShardRecord> StateTransaction::find_shard(const std::string& id) {
  bson::Builder command;
  command.append("find", state::shards).open("filter").append("_id", id).close();
  const mongo::Reply reply = run(command, mongo::Doing::reading);
  const auto documents = documents_of(reply);
  if (documents.empty()) return std::nullopt;
  return ShardRecord::read(documents.front());
}

std::vector<ShardRecord> StateTransaction::find_shards(const std::string& stream_id, int count) {
  bson::Builder command;
  command.append("find", state::shards)
      .open("filter")
      .append("streamId", stream_id)
      .append("count", count)
      .close();
  command.open("projection").append(windows_field, 0).close();
  command.append("batchSize", most_records);
  const mongo::Reply reply = run(command, mongo::Doing::reading);
  std::vector<ShardRecord> shards;
  for (const bson::View document : documents_of(reply)) shards.push_back(ShardRecord::read(document));
  return shards;
}

void StateTransaction::put_shard(const ShardRecord& shard, const std::string& stream_id) {
  bson::Builder command;
  command.append("update", state::shards).open_array("updates").open(command.item());
  command.open("q").append("_id", shard.id).close();
  command.open("u").append("_id", shard.id).append("streamId", stream_id);
  command.append("count", shard.count).append("index", shard.index).append("lanes", shard.lanes);
  command.append("epoch", shard.epoch);
  if (shard.has_holder) {
    command.open("holder");
    shard.holder.append_to(command);
    command.close();
    command.append_date("since", shard.since_ms);
  }
  command.append_date("expiresAt", shard.expires_at_ms).append("optionsHash", shard.options_hash);
  if (shard.floor) append_position(command, *shard.floor);
  command.append("filterHash", shard.filter_hash);
  command.open_array("facts");
  for (const auto& fact : shard.facts) {
    command.open(command.item());
    append_fact(command, fact);
    command.close();
  }
  command.close();
  if (shard.windows) append_windows(command, windows_field, *shard.windows);
  command.close().append("upsert", true);
  run(command, mongo::Doing::writing);
}

void StateTransaction::remove_shards(const std::string& stream_id, int count) {
  bson::Builder command;
  command.append("delete", state::shards).open_array("deletes").open(command.item());
  command.open("q").append("streamId", stream_id).append("count", count).close().append("limit", 0);
  run(command, mongo::Doing::writing);
}

void StateTransaction::forget(const std::string& stream_id) {
  const auto layout = find_layout(stream_id);
  if (!layout) return;
  bson::Builder update;
  update.append("update", state::layouts).open_array("updates").open(update.item());
  update.open("q").append("_id", stream_id).close();
  update.open("u").open("$set").open_array("maintained").close().close();
  update.open("$unset")
      .append("origin", true)
      .append("fill", true)
      .append("accepted", true)
      .append("problem", true);
  run(update, mongo::Doing::writing);
  for (ShardRecord& shard : find_shards(stream_id, layout->count)) {
    remove_lanes(shard.id);
    // The epoch is raised and not reset, so that no earlier holder finds its own epoch again.
    ShardRecord blank;
    blank.id = shard.id;
    blank.count = shard.count;
    blank.index = shard.index;
    blank.epoch = shard.epoch + 1;
    put_shard(blank, stream_id);
  }
}

std::vector<LaneRecord> StateTransaction::find_lanes(const std::string& shard_id) {
  bson::Builder command;
  command.append("find", state::lanes).open("filter").append("shard", shard_id).close();
  command.open("sort").append("lane", 1).close().append("batchSize", most_records);
  const mongo::Reply reply = run(command, mongo::Doing::reading);
  std::vector<LaneRecord> lanes;
  for (const bson::View document : documents_of(reply)) {
    lanes.push_back(LaneRecord::read(document));
  }
  return lanes;
}

void StateTransaction::remove_lanes(const std::string& shard_id) {
  bson::Builder command;
  command.append("delete", state::lanes).open_array("deletes").open(command.item());
  command.open("q").append("shard", shard_id).close().append("limit", 0);
  run(command, mongo::Doing::writing);
}

void StateTransaction::insert_lane(const LaneRecord& lane, const std::string& shard_id, std::int64_t epoch) {
  bson::Builder command;
  command.append("insert", state::lanes).open_array("documents").open(command.item());
  command.append("_id", lane.id).append("shard", shard_id).append("lane", lane.lane);
  command.append("epoch", epoch).append("seq", lane.seq);
  run(command, mongo::Doing::writing);
}

void StateTransaction::set_lanes_epoch(const std::string& shard_id, std::int64_t epoch) {
  bson::Builder command;
  command.append("update", state::lanes).open_array("updates").open(command.item());
  command.open("q").append("shard", shard_id).close();
  command.open("u").open("$set").append("epoch", epoch).close().close().append("multi", true);
  run(command, mongo::Doing::writing);
}

void StateTransaction::commit() {
  if (auto error = transaction_.commit()) throw StateError{*error};
}

}  // namespace sluice::checkpoint
