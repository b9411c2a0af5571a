#pragma once

#include "cluster/partition_runner.hpp"
#include "cluster/running_stream.hpp"
#include "pipeline/stream_resources.hpp"

namespace sluice::cluster {

/// A stream of which this process is one static shard.
class StaticShard : public RunningStream {
 public:
  /// Throws what StreamResources throws. `stream` has to outlive it, as what it is surrounded by.
  StaticShard(const pipeline::WorkerContext& around, const StreamConfig& stream, const Strand& strand,
              pipeline::StreamObserver events);

  /// Throws what Stream's constructor throws.
  void start() override;
  void stop() override { seat_.stop(); }
  void append_status(observe::WorkerStatus& status) const override;

 private:
  const Config& config_;
  std::shared_ptr<pipeline::StreamResources> commons_;
  PartitionRunner seat_;
};

}  // namespace sluice::cluster
