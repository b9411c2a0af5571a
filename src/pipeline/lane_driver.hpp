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
#include "pipeline/lane_turns.hpp"

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
    std::function<void(const Error&)> on_stop;  ///< an error that no retry can fix
    /// A batch failed and is retried: the error, and the server outside MongoDB that caused it, or "".
    std::function<void(const Error&, const std::string& outlet)> on_retry;
    std::function<void()> on_recovered;  ///< a batch that had failed is committed
    flow::SendAllowance& allowance;      ///< limits what the stream's lanes render and send at once
    std::function<void()> on_room;       ///< the allowance has room again: wake the lanes that wait for it
    LaneTurns* turns = nullptr;          ///< if set: shared with other parts' lanes of this number
    std::size_t number = 0;              ///< of the lane
    /// Whether there is little room left for events; any thread may call it.
    std::function<bool()> crowded = [] { return false; };
  };

  LaneDriver(Parts parts, std::unique_ptr<flow::Lane> lane);

  flow::Lane& lane() { return *lane_; }

  /// The lane's state for health checks. Valid until the current handler on the strand returns.
  struct View {
    std::size_t queued = 0;
    std::size_t batch_events = 0;  ///< of the batch in flight, or else of the last one
    /// The first try of the batch in flight; absent if there is none.
    std::optional<flow::Time> under_way_since;
    std::string_view last_error;  ///< of the batch in flight
    std::uint64_t commits = 0;
  };
  View view() const;

  /// Runs until finish() was called and nothing is left, or until abandon() was called and the batch in
  /// flight has ended. Throws what the sink throws: then the result of that batch is unknown, and the stream
  /// has to end.
  asio::awaitable<void> run();

  void wake();     ///< checks again what to do: effects were offered, or the allowance has room
  void finish();   ///< send what is queued, then end
  void abandon();  ///< send nothing more
  bool ended() const { return !running_; }

 private:
  asio::awaitable<void> send();
  std::optional<LaneTurns::Place> line_up();
  asio::awaitable<std::optional<Outcome>> wait_for_turn(LaneTurns::Place& place);
  Outcome commit(std::optional<LaneTurns::Place>& place);
  void settle(const Outcome& outcome, std::optional<flow::Time> started);
  asio::awaitable<bool> wait_for_room(std::int64_t bytes);
  void give_back(std::int64_t bytes);
  asio::awaitable<void> sleep_until(flow::Time time);
  void report(const Outcome& outcome, const flow::LaneReport& report, std::optional<flow::Time> started);

  Parts parts_;
  std::unique_ptr<flow::Lane> lane_;
  std::shared_ptr<asio::steady_timer> timer_;  ///< others may still be about to cancel it
  std::optional<flow::Time> under_way_since_;
  std::string last_error_;
  std::uint64_t commits_ = 0;
  bool failing_ = false;
  bool finishing_ = false;
  bool abandoned_ = false;
  bool running_ = true;  ///< true also before run() begins
};

}  // namespace sluice::pipeline
