#include "cluster/partition_runner.hpp"

namespace sluice::cluster {

void PartitionRunner::start(const pipeline::StreamPart& part) {
  part_ = part;
  begin({});
  taken_ = true;
}

void PartitionRunner::begin(const pipeline::Recovery& recovery) {
  auto next =
      pipeline::Stream::make(parts_.around, parts_.commons, parts_.config, part_, stream_events(), recovery);
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

pipeline::StreamEvents PartitionRunner::stream_events() {
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

/// A lost position is another matter than other failures, if the pipeline's policy knows a way on. And where
/// that is to rebuild, another shard may have begun one, which fences all of them off: whoever holds this
/// shard now, nothing is lost by standing in line for it again.
bool PartitionRunner::may_go_on(int exit_code) const {
  const LostPolicy policy = parts_.around.config.on_lost;
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
  const pipeline::WorkerContext& around = parts_.around;
  const bool rebuild = around.config.on_lost == LostPolicy::rebuild;
  stream_->log().error("the position is lost; as --on-lost says, the pipeline {}",
                       rebuild ? "recomputes all targets and continues"
                               : "continues from the present moment; missed changes are not processed");
  around.metrics.stream(parts_.config.name, part_.partition())
      .position_lost(rebuild ? "rebuild" : "restart-now")
      .Increment();
  return {around.config.on_lost, stream_->lost_position()};
}

void PartitionRunner::go_on(bool position_lost) {
  const pipeline::WorkerContext& around = parts_.around;
  const pipeline::Recovery how = position_lost ? recovery() : pipeline::Recovery{};
  if (!position_lost) stream_->log().warn("waiting for its turn again");
  around.readiness.forget(stream_->condition() + " stopping");
  part_.restart_now = false;  // asked for once, and done
  try {
    begin(how);
  } catch (const std::exception& error) {  // a rule that has become impossible, say
    stream_->log().error("could not restart: {}", error.what());
    leaving_ = true;
    events_.failed(exit_code::position_lost);
    on_ended();
  }
}

}  // namespace sluice::cluster
