#pragma once

#include "cluster/partition_runner.hpp"
#include "cluster/running_stream.hpp"
#include "pipeline/relay/relay_writer.hpp"
#include "pipeline/stream_resources.hpp"

namespace sluice::cluster {

/// Runs one static shard of a stream. The configuration gives its index and the number of shards.
class StaticShard : public RunningStream {
 public:
  /// Throws what StreamResources throws. `stream` and everything `context` refers to must outlive it.
  StaticShard(const pipeline::WorkerContext& context, const StreamConfig& stream, const Strand& strand,
              pipeline::StreamObserver events);

  /// Throws what Stream::make throws.
  void start() override;
  void stop() override {
    if (relay_) relay_->request_stop();
    seat_.stop();
  }
  void append_status(observe::WorkerStatus& status) const override;

 private:
  const Config& config_;
  std::shared_ptr<pipeline::StreamResources> resources_;
  PartitionRunner seat_;
  std::unique_ptr<pipeline::RelayWriter> relay_;  ///< null: there is no relay
};

}  // namespace sluice::cluster
