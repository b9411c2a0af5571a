#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>

#include "flow/loss_limit.hpp"
#include "pipeline/stream.hpp"

namespace sluice::cluster {

/// Where one part of a stream runs: one Stream at a time, and after it, when its position was lost and the
/// pipeline's policy knows a way on, or when another shard's rebuild has fenced it off, another. Everything
/// but status() on the worker's strand, where its events are told, too.
class PartitionRunner {
 public:
  struct Parts {
    pipeline::WorkerContext around;
    std::shared_ptr<pipeline::StreamResources> commons;
    const StreamConfig& config;
    Strand strand;
  };

  PartitionRunner(Parts parts, pipeline::StreamObserver events)
      : parts_(std::move(parts)), events_(std::move(events)) {}
  PartitionRunner(const PartitionRunner&) = delete;
  PartitionRunner& operator=(const PartitionRunner&) = delete;

  /// Only while nothing runs. Throws what Stream's constructor throws.
  void start(const pipeline::StreamPart& part);
  /// ended() follows, unless nothing runs. May be called again.
  void stop();

  bool taken() const { return taken_; }
  bool leaving() const { return leaving_; }
  /// It has its lease and streams.
  bool open() const { return open_; }

  /// Nothing where nothing runs. Thread-safe.
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
  bool going_on_ = false;  ///< with another stream, once this one has ended
  bool position_lost_ = false;
  mutable std::mutex mutex_;  ///< stream_ is replaced on the strand and asked by the HTTP server
  std::shared_ptr<pipeline::Stream> stream_;  ///< the one that runs; it may outlive its end for a moment
  bool shown_ = false;                        ///< behind the mutex: whether stream_ runs
};

}  // namespace sluice::cluster
