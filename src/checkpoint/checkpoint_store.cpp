#include "checkpoint/checkpoint_store.hpp"

#include <set>

#include "config/state_names.hpp"
#include "mongo/end_transactions.hpp"
#include "mongo/error.hpp"

namespace sluice::checkpoint {

/// Ends transactions that dead processes left open. The server keeps their locks for a minute by default, and
/// until then nobody could take over their lanes. A dead process is recognised by the application name of its
/// connections: it is a holder whose lease has expired, or a process of this machine that no longer runs.
/// (One that died while it took the shard is not stored as a holder.) On other machines, a transaction that
/// has been idle for as long as a lease lasts belongs to a dead or stalled process, which does its batch
/// again.
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

Renewal CheckpointStore::renewal(std::int64_t epoch, int lease_ms, const std::optional<Position>& floor,
                                 bool forget_facts,
                                 const std::optional<std::vector<DedupRecord>>& windows) const {
  Renewal renewal{id_.shard_id(), {}};
  bson::Builder& update = renewal.update;
  update.open("q").append("_id", id_.shard_id()).append("epoch", epoch).close();
  update.open_array("u").open(update.item()).open("$set");
  update.open("expiresAt").open_array("$add").append(update.item(), "$$NOW").append(update.item(), lease_ms);
  update.close().close().append("updatedAt", "$$NOW");
  if (floor) {
    update.open("token").append("$literal", floor->view()).close();
    update.append_timestamp("clusterTime", floor->cluster_time).append("atEvent", floor->at_event);
    update.append("filterHash", id_.filter_hash).append("optionsHash", id_.options_hash);
  }
  if (forget_facts) update.open_array("facts").close();
  if (windows) {
    update.open(windows_field);
    append_windows(update, "$literal", *windows);
    update.close();
  }
  update.close().close().close();
  return renewal;
}

std::optional<Error> CheckpointStore::renew(std::int64_t epoch, int lease_ms,
                                            const std::optional<Position>& floor, bool forget_facts,
                                            const std::optional<std::vector<DedupRecord>>& windows) {
  const auto client = pool_.acquire();
  Renewal renewal = this->renewal(epoch, lease_ms, floor, forget_facts, windows);
  return store_renewals(client.get(), database_, {&renewal, 1}).front();
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

}  // namespace sluice::checkpoint
