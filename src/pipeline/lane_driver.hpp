#pragma once

#include <functional>
#include <memory>

#include "flow/lane.hpp"
#include "observe/metrics.hpp"
#include "pipeline/asio.hpp"
#include "pipeline/dispatcher.hpp"
#include "sluice/sink.hpp"

namespace spdlog {
class logger;
}

namespace sluice::pipeline {

/// Carries out what a lane decides: sends its batches to the sink on a blocking thread, one at a time, and
/// sleeps when it has nothing to do. Everything but the sink's work happens on the strand.
class LaneDriver {
 public:
  struct Parts {
    Strand strand;
    asio::thread_pool& threads;
    Sink& sink;
    Dispatcher& dispatcher;
    observe::StreamMetrics& metrics;
    spdlog::logger& log;
    std::function<void(const Error&)> on_stop;  ///< an error that no retry can mend
  };

  LaneDriver(Parts parts, std::unique_ptr<flow::Lane> lane);

  flow::Lane& lane() { return *lane_; }

  /// Runs until finish() and then until nothing is left, or until abandon() and the batch that is out is
  /// back.
  asio::awaitable<void> run();

  void wake();     ///< effects were offered
  void finish();   ///< send what is queued, then end
  void abandon();  ///< send nothing more
  bool ended() const { return ended_; }

 private:
  asio::awaitable<void> send();
  void report(const Outcome& outcome, const flow::LaneReport& report, flow::Time started);

  Parts parts_;
  std::unique_ptr<flow::Lane> lane_;
  asio::steady_timer timer_;
  bool finishing_ = false;
  bool abandoned_ = false;
  bool ended_ = false;
};

}  // namespace sluice::pipeline
