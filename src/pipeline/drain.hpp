#pragma once

#include <chrono>
#include <memory>
#include <vector>

#include "async/strand.hpp"
#include "flow/time.hpp"
#include "pipeline/health/stream_health.hpp"
#include "pipeline/lane_driver.hpp"
#include "pipeline/reading/reader.hpp"
#include "sinks/outward.hpp"

namespace sluice::pipeline {

/// Ends a stream: its lanes send what is queued, within a time limit, and are then abandoned. On the strand
/// only. What it refers to must outlive it.
class Drain {
 public:
  struct Parts {
    Strand strand;
    const std::vector<std::unique_ptr<LaneDriver>>& lanes;
    sinks::Outward& sink;
    const StreamHealth& health;
    std::chrono::milliseconds limit;  ///< the time for sending what is queued
  };

  explicit Drain(Parts parts) : parts_(std::move(parts)), timer_(parts_.strand) {}

  /// Lets the lanes send nothing more. Batches in flight end by themselves.
  void abandon();

  /// Completes when all lanes have ended, or soon after the limit. A batch that is still in flight then waits
  /// for a server that does not answer. The stream can store its position nevertheless, because the position
  /// lies before that batch.
  asio::awaitable<void> lanes_within_limit();

  /// Completes when the reader, the health checks and the lanes have ended. A call to a silent server may
  /// take as long as its socket's time-out; the process bounds that wait, not the stream.
  asio::awaitable<void> everything(const Reader& reader);

 private:
  bool lanes_ended() const;

  Parts parts_;
  asio::steady_timer timer_;
};

}  // namespace sluice::pipeline
