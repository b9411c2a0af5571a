#include "cluster/partition_runner.hpp"

namespace sluice::cluster {

void PartitionRunner::start(const pipeline::StreamPart& part) {
  part_ = part;
  begin({});
  taken_ = true;
}

void PartitionRunner::begin(const pipeline::Recovery& recovery) {
  auto next = pipeline::Stream::make(parts_.context, parts_.resources, parts_.config, part_, stream_events(),
                                     recovery);
  {
    const std::lock_guard lock(mutex_);
    stream_.swap(next);
    shown_ = true;
  }
  next.reset();
  leaving_ = false;
  open_ = false;
  stream_->start();
}

void PartitionRunner::stop() {
  if (!taken_) return;
  leaving_ = true;
  stream_->request_stop();
}

std::optional<observe::StreamStatus> PartitionRunner::status() const {
  const std::lock_guard lock(mutex_);
  if (!shown_) return std::nullopt;
  return stream_->status();
}

pipeline::StreamObserver PartitionRunner::stream_events() {
  const auto later = [this](auto what) { asio::post(parts_.strand, what); };
  return {[this, later] { later([this] { events_.connected(); }); },
          [this, later] {
            later([this] {
              open_ = true;
              events_.ready();
            });
          },
          [this, later](int exit_code) { later([this, exit_code] { on_failed(exit_code); }); },
          [this, later] { later([this] { on_ended(); }); }};
}

/// Whether a new Stream may replace the failed one: after a lost position, unless on_lost is `fail`; and for
/// a static shard, after a lost lease if on_lost is `rebuild`. In that case another shard may have begun a
/// rebuild, which fences off all shards, and this one only has to take its lease again.
bool PartitionRunner::may_go_on(int exit_code) const {
  const LostPolicy policy = parts_.context.config.on_lost;
  if (exit_code == exit_code::position_lost) return policy != LostPolicy::fail;
  return exit_code == exit_code::lease_lost && policy == LostPolicy::rebuild && !part_.of_cluster;
}

void PartitionRunner::on_failed(int exit_code) {
  if (!leaving_ && may_go_on(exit_code) && (going_on_ || losses_.may_recover(flow::Clock::now()))) {
    going_on_ = true;
    position_lost_ |= exit_code == exit_code::position_lost;
    return;
  }
  leaving_ = true;
  events_.failed(exit_code);
}

void PartitionRunner::on_ended() {
  const bool position_lost = std::exchange(position_lost_, false);
  if (std::exchange(going_on_, false) && !leaving_) return go_on(position_lost);
  std::shared_ptr<pipeline::Stream> ended;
  {
    const std::lock_guard lock(mutex_);
    ended.swap(stream_);
    shown_ = false;
  }
  taken_ = false;
  leaving_ = false;
  open_ = false;
  events_.ended();
}

pipeline::Recovery PartitionRunner::recovery() const {
  const pipeline::WorkerContext& context = parts_.context;
  const bool rebuild = context.config.on_lost == LostPolicy::rebuild;
  stream_->log().error("the position is lost; as on_lost says, the stream {}",
                       rebuild ? "computes all targets again and goes on"
                               : "goes on from the present moment, without the changes in between");
  context.metrics.stream(parts_.config.name, part_.partition())
      .position_lost(rebuild ? "rebuild" : "restart-now")
      .Increment();
  return {context.config.on_lost, stream_->lost_position()};
}

void PartitionRunner::go_on(bool position_lost) {
  const pipeline::WorkerContext& context = parts_.context;
  const pipeline::Recovery how = position_lost ? recovery() : pipeline::Recovery{};
  if (!position_lost) stream_->log().warn("lost its lease; waiting until it can take it again");
  context.readiness.forget(stream_->condition() + " stopping");
  part_.restart_now = false;  // it applies to the first start only
  try {
    begin(how);
  } catch (const std::exception& error) {  // for example, a rule that has become invalid
    stream_->log().error("could not start again: {}", error.what());
    leaving_ = true;
    events_.failed(exit_code::position_lost);
    on_ended();
  }
}

}  // namespace sluice::cluster
