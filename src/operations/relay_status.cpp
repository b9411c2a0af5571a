#include "operations/relay_status.hpp"

#include "checkpoint/shard_id.hpp"
#include "core/relay_group.hpp"
#include "sinks/relay.hpp"
#include "sluice/bson_builder.hpp"
#include "source/resume_token.hpp"

namespace sluice::operations {

namespace {

/// Where the relay's log ends in each partition. What cannot be read is told as a problem.
void look_at_log(const Config& config, const StreamConfig& stream, RelayStatus& view) {
  const RelayConfig& relay = config.relay;
  view.log = relay_log_name(relay.topic.empty() ? relay.stream : relay.topic, stream);
  if (config.clustered() && !relay.topic.empty()) view.group = relay_group_name(relay, stream);
  const auto log = sinks::make_relay_log(config, stream, [](const std::string&) {});
  RelayState state;
  auto error = log->check(view.exists);
  if (!error && view.exists) error = log->look(state);
  view.messages = state.records;
  view.bytes = state.bytes;
  for (int i = 0; i < config.relay.partitions && view.exists && !error; ++i) {
    std::optional<RelayRecord> newest;
    error = log->last_of(i, newest);
    if (!newest) continue;
    bson::Builder token;
    const auto time = source::time_of_token(token.append("_data", newest->token()).finish());
    view.partitions[static_cast<std::size_t>(i)].newest_s = static_cast<std::int64_t>(time.value_or(0) >> 32);
  }
  if (error) view.problem = error->message;
}

}  // namespace

RelayStatus look_at_relay(const Config& config, const StreamConfig& stream, mongoc_client_t* client,
                          const checkpoint::ClusterRecord& record) {
  RelayStatus view;
  view.stream = config.pipeline + "/" + stream.name;
  view.partitions.resize(static_cast<std::size_t>(config.relay.partitions));
  view.now_s = record.now_ms / 1000;
  for (const checkpoint::PartitionRecord& one : record.shards) {
    const auto index = static_cast<std::size_t>(one.index);
    if (index < view.partitions.size()) view.partitions[index].read_s = one.position_s;
  }
  checkpoint::ClusterRecord writer;
  const auto error =
      checkpoint::read_cluster(client, config.state_database,
                               config.pipeline + "/" + checkpoint::relay_stream_name(stream.name), writer);
  if (!error && !writer.shards.empty()) {
    const checkpoint::PartitionRecord& lease = writer.shards.front();
    if (lease.held) view.writer = lease.holder.text();
    view.written_to_s = lease.position_s;
  }
  look_at_log(config, stream, view);
  return view;
}

}  // namespace sluice::operations
