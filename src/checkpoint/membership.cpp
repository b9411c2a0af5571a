#include "checkpoint/membership.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "checkpoint/shard_records.hpp"
#include "config/state_names.hpp"
#include "sluice/bson_builder.hpp"

namespace sluice::checkpoint {

namespace {

constexpr int most_members = 100000;
// Long enough for an operator to see which member fell silent.
constexpr std::int64_t kept_when_silent_ms = 60'000;

int small(const bson::Value& value) {
  return static_cast<int>(value.integer().value_or(0));
}

/// Whether a holder's process may still run. Asks the kernel once for each process, however many partitions
/// the process holds.
class Alive {
 public:
  bool operator()(const LeaseHolder& holder) {
    const auto [known, fresh] = gone_.try_emplace(holder.instance, false);
    if (fresh) known->second = holder.is_gone();
    return !known->second;
  }

 private:
  std::map<std::string, bool> gone_;
};

Peer read_peer(bson::View feed, const std::string& instance) {
  return {instance, std::string(feed.at("host").text()), small(feed.at("port")),
          std::string(feed.at("secret").text()), feed.at("since").date_ms()};
}

void append_peer(bson::Builder& out, const Peer& peer, const std::string& follows) {
  out.open("feed").open("$literal").append("host", peer.host).append("port", peer.port);
  out.append("secret", peer.secret).append_date("since", peer.since_ms).append("follows", follows);
  out.close().close();
}

MemberRecord read_member(bson::View document, std::int64_t now_ms, Alive& alive) {
  MemberRecord member;
  member.holder = LeaseHolder::read(document.at("holder").document());
  member.instance = member.holder.instance;
  member.partitions = small(document.at("partitions"));
  member.options_hash = document.at("optionsHash").text();
  member.hindered = document.at("hindered").boolean();
  for (const auto& [index, outlet] : document.at("outletsDown").document()) {
    member.outlets_down.emplace_back(outlet.text());
  }
  member.http_port = small(document.at("httpPort"));
  if (const bson::View feed = document.at("feed").document()) {
    member.peer = read_peer(feed, member.instance);
    member.follows = feed.at("follows").text();
  }
  member.since_ms = document.at("since").date_ms();
  member.beat_at_ms = document.at("beatAt").date_ms();
  member.expires_at_ms = document.at("expiresAt").date_ms();
  member.live = member.expires_at_ms > now_ms && alive(member.holder);
  return member;
}

PartitionRecord read_partition(bson::View document, std::int64_t now_ms, Alive& alive) {
  PartitionRecord shard;
  shard.id = document.at("_id").text();
  shard.count = small(document.at("count"));
  shard.index = small(document.at("index"));
  shard.epoch = document.at("epoch").integer().value_or(0);
  shard.options_hash = document.at("optionsHash").text();
  shard.since_ms = document.at("since").date_ms();
  shard.expires_at_ms = document.at("expiresAt").date_ms();
  shard.position_s = static_cast<std::int64_t>(document.at("clusterTime").timestamp() >> 32);
  if (!document.at("holder").is_document()) return shard;
  shard.holder = LeaseHolder::read(document.at("holder").document());
  shard.held = shard.expires_at_ms > now_ms && alive(shard.holder);
  return shard;
}

/// `{$unionWith: {coll, pipeline: [{$match: {key: id}}, {$project: ...}, {$set: {kind, now}}]}}`
void append_union(bson::Builder& out, const char* collection, const char* key, const std::string& id,
                  std::initializer_list<const char*> fields) {
  out.open(out.item()).open("$unionWith").append("coll", collection).open_array("pipeline");
  out.open(out.item()).open("$match").append(key, id).close().close();
  out.open(out.item()).open("$project");
  for (const char* field : fields) out.append(field, 1);
  out.close().close();
  out.open(out.item()).open("$set").append("kind", collection).append("now", "$$NOW").close().close();
  out.close().close().close();
}

}  // namespace

std::string wait_text(const PartitionRecord& held, int layout, int partitions) {
  const std::string who = held.id + " is held by " + held.holder.text();
  if (layout == partitions) {
    return who + ", which runs other rules; waiting until it stops or its lease ends";
  }
  return fmt::format(
      "{}: the stream is divided into {} part{}, and this instance has --partitions {}; waiting until all "
      "that hold them stop or their leases expire",
      who, layout, layout == 1 ? "" : "s", partitions);
}

std::optional<Error> read_cluster(mongoc_client_t* client, const std::string& state_database,
                                  const std::string& stream_id, ClusterRecord& record) {
  bson::Builder command;
  command.append("aggregate", state::members).open_array("pipeline");
  command.open(command.item()).open("$match").append("streamId", stream_id).close().close();
  command.open(command.item()).open("$set").append("kind", state::members).append("now", "$$NOW");
  command.close().close();
  append_union(command, state::shards, "streamId", stream_id,
               {"count", "index", "epoch", "holder", "since", "expiresAt", "clusterTime", "optionsHash"});
  append_union(command, state::layouts, "_id", stream_id, {"count", "maintained"});
  command.close().open("cursor").append("batchSize", most_members).close();
  const mongo::Reply reply =
      mongo::run_command(client, state_database, command.finish(), mongo::Doing::reading);
  if (!reply.ok()) return reply.error;
  record = {};
  Alive alive;
  const bson::View documents = reply.view().at_path("cursor.firstBatch").document();
  for (const auto& [index, value] : documents) {
    const bson::View document = value.document();
    const std::string_view kind = document.at("kind").text();
    record.now_ms = document.at("now").date_ms();
    if (kind == state::members) record.members.push_back(read_member(document, record.now_ms, alive));
    if (kind == state::shards) record.shards.push_back(read_partition(document, record.now_ms, alive));
    if (kind != state::layouts) continue;
    record.layout = small(document.at("count"));
    for (const auto& rule : read_maintained(document).value_or(std::vector<MaintainedRule>())) {
      if (!rule.filled) record.not_backfilled.push_back(rule.rule);
    }
  }
  std::erase_if(record.shards, [&](const auto& shard) { return shard.count != record.layout; });
  std::ranges::sort(record.members, {}, &MemberRecord::instance);
  std::ranges::sort(record.shards, {}, &PartitionRecord::index);
  return std::nullopt;
}

std::optional<Error> Membership::prepare() {
  const auto client = pool_.acquire();
  bson::Builder create;
  create.append("create", state::members);
  const mongo::Reply reply =
      mongo::run_command(client.get(), database_, create.finish(), mongo::Doing::reading);
  if (reply.ok() || reply.error->code == mongo::namespace_exists) return std::nullopt;
  return reply.error;
}

std::optional<Error> Membership::beat(bool hindered, const std::vector<std::string>& outlets_down,
                                      const std::string& follows) {
  const auto client = pool_.acquire();
  bson::Builder command;
  command.append("update", state::members).open_array("updates").open(command.item());
  command.open("q").append("_id", id()).close().open_array("u").open(command.item()).open("$set");
  command.append("pipeline", self_.pipeline).append("streamId", self_.stream_id);
  command.open("holder");
  self_.holder.append_to(command);
  command.close().append("partitions", self_.partitions);
  command.append("optionsHash", self_.options_hash)
      .append("hindered", hindered)
      .append("httpPort", self_.http_port);
  if (self_.peer) append_peer(command, *self_.peer, follows);
  command.open_array("outletsDown");
  for (const std::string& outlet : outlets_down) {
    command.open(command.item()).append("$literal", outlet).close();
  }
  command.close();
  command.open("since").open_array("$ifNull");
  command.append(command.item(), "$since").append(command.item(), "$$NOW").close().close();
  command.append("beatAt", "$$NOW").open("expiresAt").open_array("$add");
  command.append(command.item(), "$$NOW").append(command.item(), self_.lease_ms).close().close();
  command.close().close().close().append("upsert", true).close().close();
  command.open("writeConcern").append("w", "majority").close();
  return mongo::run_command(client.get(), database_, command.finish(), mongo::Doing::storing).error;
}

std::optional<Error> Membership::look(ClusterRecord& record) {
  const auto client = pool_.acquire();
  return read_cluster(client.get(), database_, self_.stream_id, record);
}

std::optional<Error> Membership::bury(const ClusterRecord& record) {
  bson::Builder command;
  command.append("delete", state::members).open_array("deletes");
  bool any = false;
  for (const MemberRecord& member : record.members) {
    const bool silent_for_long = member.expires_at_ms + kept_when_silent_ms < record.now_ms;
    if (member.live || (!silent_for_long && !member.holder.is_gone())) continue;
    any = true;
    command.open(command.item()).open("q").append("_id", self_.stream_id + "/" + member.instance);
    // Unless the member has renewed it since.
    command.append_date("beatAt", member.beat_at_ms).close().append("limit", 1).close();
  }
  if (!any) return std::nullopt;
  command.close();
  const auto client = pool_.acquire();
  return mongo::run_command(client.get(), database_, command.finish(), mongo::Doing::storing).error;
}

std::optional<Error> Membership::leave() {
  const auto client = pool_.acquire();
  bson::Builder command;
  command.append("delete", state::members).open_array("deletes").open(command.item());
  command.open("q").append("_id", id()).close().append("limit", 1).close().close();
  command.open("writeConcern").append("w", "majority").close();
  return mongo::run_command(client.get(), database_, command.finish(), mongo::Doing::storing).error;
}

}  // namespace sluice::checkpoint
