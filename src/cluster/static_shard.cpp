#include "cluster/static_shard.hpp"

#include <utility>

namespace sluice::cluster {

namespace {

/// Passes on the first call only: a Stream that replaces another reports the same events again.
std::function<void()> once(std::function<void()> what) {
  return [what = std::move(what), told = false]() mutable {
    if (!std::exchange(told, true)) what();
  };
}

}  // namespace

StaticShard::StaticShard(const pipeline::WorkerContext& context, const StreamConfig& stream,
                         const Strand& strand, pipeline::StreamObserver events)
    : config_(context.config),
      resources_(std::make_shared<pipeline::StreamResources>(
          context.config, stream, *context.pools, *context.renewals,
          observe::StreamLog(*context.log, stream.name, stream.name), context.readiness, context.metrics, 1)),
      seat_({context, resources_, stream, strand},
            {once(std::move(events.connected)), once(std::move(events.ready)), std::move(events.failed),
             std::move(events.ended)}),
      relay_(pipeline::make_relay_writer(context, stream, resources_)) {}

void StaticShard::start() {
  if (relay_) relay_->start();
  seat_.start({config_.shard_count, config_.shard_index, false, config_.restart_now, config_.backfill});
}

void StaticShard::append_status(observe::WorkerStatus& status) const {
  if (auto one = seat_.status()) status.streams.push_back(std::move(*one));
}

}  // namespace sluice::cluster
