#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>

#include "flow/loss_limit.hpp"
#include "pipeline/stream.hpp"

namespace sluice::cluster {

/// Runs one part of a stream (a shard or a partition), one Stream at a time. It replaces a Stream that lost
/// its position, if on_lost allows that, and one that another shard's rebuild has fenced off. Use everything
/// but status() on the worker's strand. Its events are called there, too.
class PartitionRunner {
 public:
  struct Parts {
    pipeline::WorkerContext context;
    std::shared_ptr<pipeline::StreamResources> resources;
    const StreamConfig& config;
    Strand strand;
  };

  PartitionRunner(Parts parts, pipeline::StreamObserver events)
      : parts_(std::move(parts)), events_(std::move(events)) {}
  PartitionRunner(const PartitionRunner&) = delete;
  PartitionRunner& operator=(const PartitionRunner&) = delete;

  /// Call it only while taken() is false. Throws what Stream::make throws.
  void start(const pipeline::StreamPart& part);
  /// The event `ended` follows, unless nothing runs. May be called more than once.
  void stop();

  /// From start() until the event `ended`.
  bool taken() const { return taken_; }
  /// It is stopping.
  bool leaving() const { return leaving_; }
  /// It has its lease and streams.
  bool open() const { return open_; }

  /// Absent while nothing runs. Thread-safe.
  std::optional<observe::StreamStatus> status() const;

 private:
  pipeline::StreamObserver stream_events();
  void begin(const pipeline::Recovery& recovery);
  void on_failed(int exit_code);
  void on_ended();
  bool may_go_on(int exit_code) const;
  void go_on(bool position_lost);
  pipeline::Recovery recovery() const;

  Parts parts_;
  pipeline::StreamObserver events_;
  pipeline::StreamPart part_;
  flow::LossLimit losses_;
  bool taken_ = false;
  bool leaving_ = false;
  bool open_ = false;
  bool going_on_ = false;  ///< another Stream follows when this one has ended
  bool position_lost_ = false;
  mutable std::mutex mutex_;                  ///< guards stream_, which the HTTP server's thread reads
  std::shared_ptr<pipeline::Stream> stream_;  ///< the one that runs; others may hold it for a moment longer
  bool shown_ = false;                        ///< guarded by the mutex: whether stream_ runs
};

}  // namespace sluice::cluster
