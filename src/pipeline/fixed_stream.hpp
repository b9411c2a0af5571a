#pragma once

#include "pipeline/commons.hpp"
#include "pipeline/running_stream.hpp"
#include "pipeline/seat.hpp"

namespace sluice::pipeline {

/// A stream of which this process is one static shard.
class FixedStream : public RunningStream {
 public:
  /// Throws what Commons throws. `stream` has to outlive it, as what it is surrounded by.
  FixedStream(const Surroundings& around, const StreamConfig& stream, const Strand& strand, RunEvents events);

  /// Throws what Stream's constructor throws.
  void start() override;
  void stop() override { seat_.stop(); }
  void append_status(observe::WorkerStatus& status) const override;

 private:
  const Config& config_;
  std::shared_ptr<Commons> commons_;
  Seat seat_;
};

}  // namespace sluice::pipeline
