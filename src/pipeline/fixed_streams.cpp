#include "pipeline/fixed_streams.hpp"

#include <fmt/format.h>

#include <utility>

namespace sluice::pipeline {

namespace {

/// A stream that had to begin anew says it again.
std::function<void()> once(std::function<void()> what) {
  return [what = std::move(what), told = false]() mutable {
    if (!std::exchange(told, true)) what();
  };
}

}  // namespace

FixedStreams::FixedStreams(const Surroundings& around, const Strand& strand, CrewEvents events)
    : config_(around.config), events_(std::move(events)) {
  for (const StreamConfig& stream : config_.streams) {
    commons_.push_back(std::make_unique<Commons>(config_, stream, *around.log, 1));
    seats_.push_back(
        std::make_unique<Seat>(Seat::Parts{around, *commons_.back(), stream, strand},
                               // Half a worker is worse than none: the supervisor restarts the whole.
                               Seat::Events{once([this] { on_connected(); }), once([this] { on_ready(); }),
                                            events_.failed, [this] { on_ended(); }}));
  }
}

void FixedStreams::start() {
  const StreamPart part{config_.shard_count, config_.shard_index, false, config_.restart_now,
                        config_.backfill};
  for (auto& seat : seats_) seat->start(part);
}

void FixedStreams::stop() {
  for (auto& seat : seats_) seat->stop();
}

void FixedStreams::append_status(observe::WorkerStatus& status) const {
  for (const auto& seat : seats_) {
    if (auto one = seat->status()) status.streams.push_back(std::move(*one));
  }
}

/// Said once, whatever comes later.
void FixedStreams::on_connected() {
  if (++connected_ != seats_.size()) return;
  events_.say(fmt::format("Connected to MongoDB (Shard {}/{})", config_.shard_index, config_.shard_count));
}

void FixedStreams::on_ready() {
  if (++ready_ != seats_.size()) return;
  events_.say(fmt::format("__READY__SHARD__{}_OF_{}__", config_.shard_index, config_.shard_count));
}

void FixedStreams::on_ended() {
  if (++ended_ == seats_.size()) events_.ended();
}

}  // namespace sluice::pipeline
