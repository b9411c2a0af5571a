#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "async/strand.hpp"
#include "core/batch.hpp"
#include "flow/lane.hpp"
#include "flow/send_allowance.hpp"
#include "observe/metrics.hpp"
#include "pipeline/dispatcher.hpp"

namespace sluice::pipeline {

/// Carries out what a lane decides: sends its batches to the sink on a blocking thread, one at a time, and
/// sleeps when it has nothing to do. Everything but the sink's work happens on the strand.
class LaneDriver {
 public:
  struct Parts {
    Strand strand;
    asio::thread_pool& threads;
    BatchSink& sink;
    Dispatcher& dispatcher;
    observe::StreamMetrics& metrics;
    std::function<void(const Error&)> on_stop;  ///< an error that no retry can mend
    /// A batch failed and is tried again: why, and the server outside MongoDB that it is about, if it is.
    std::function<void(const Error&, const std::string& outlet)> on_retry;
    std::function<void()> on_recovered;  ///< one that had failed is committed
    flow::SendAllowance& allowance;      ///< the stream's: what its lanes may render and send at once
    std::function<void()> on_room;       ///< something was given back to it: wake the lanes that wait
  };

  LaneDriver(Parts parts, std::unique_ptr<flow::Lane> lane);

  flow::Lane& lane() { return *lane_; }

  /// What is seen of it from outside; good until the strand goes on.
  struct View {
    std::size_t queued = 0;
    std::size_t batch_events = 0;               ///< of the batch that is under way, or was last
    std::optional<flow::Time> under_way_since;  ///< the batch's first try; absent without a batch
    std::string_view last_error;                ///< of the batch under way
    std::uint64_t commits = 0;
  };
  View view() const;

  /// Runs until finish() and then until nothing is left, or until abandon() and the batch that is out is
  /// back. Throws what the sink throws: then nothing is known of that batch, and the stream has to end.
  asio::awaitable<void> run();

  void wake();     ///< effects were offered
  void finish();   ///< send what is queued, then end
  void abandon();  ///< send nothing more
  bool ended() const { return !running_; }

 private:
  asio::awaitable<void> send();
  asio::awaitable<bool> wait_for_turn(std::int64_t bytes);
  void end_turn(std::int64_t bytes);
  asio::awaitable<void> sleep_until(flow::Time time);
  void report(const Outcome& outcome, const flow::LaneReport& report, flow::Time started);

  Parts parts_;
  std::unique_ptr<flow::Lane> lane_;
  asio::steady_timer timer_;
  std::optional<flow::Time> under_way_since_;
  std::string last_error_;
  std::uint64_t commits_ = 0;
  bool failing_ = false;
  bool finishing_ = false;
  bool abandoned_ = false;
  bool running_ = true;  ///< or about to
};

}  // namespace sluice::pipeline
