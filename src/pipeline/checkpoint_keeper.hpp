#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "async/strand.hpp"
#include "checkpoint/checkpoint_store.hpp"
#include "checkpoint/foreign_tokens.hpp"
#include "flow/lease.hpp"
#include "flow/token_trail.hpp"
#include "observe/log/repeated_warning.hpp"
#include "observe/metrics.hpp"
#include "pipeline/dispatcher.hpp"
#include "pipeline/health/stream_health.hpp"
#include "pipeline/shared_renewals.hpp"
#include "sluice/config.hpp"

namespace sluice::pipeline {

/// Stores how far a stream is: the newest position below which every event is resolved. With it, it renews
/// the lease and stores the dedup windows as of that position, and then the resume tokens that another
/// program reads. It stores once a second while there is something new, and otherwise as often as the lease
/// needs it. All keepers of a process store at the same moments, and so with few commands. On the strand
/// only; blocking calls run on `threads`.
class CheckpointKeeper {
 public:
  struct Parts {
    Strand strand;
    asio::thread_pool& threads;
    mongo::ClientPool& pool;
    checkpoint::CheckpointStore& store;
    SharedRenewals& renewals;
    Dispatcher& dispatcher;
    StreamHealth& health;
    observe::StreamMetrics& metrics;
    std::chrono::milliseconds lease;
    const observe::StreamLog& log;
  };
  struct Events {
    std::function<void(flow::Time)> tick;  ///< five times a second while run() runs
    /// A renewal was answered: the error, or nothing if it succeeded.
    std::function<void(const std::optional<Error>&)> answered;
    std::function<void(const std::string& why)> fenced;  ///< another worker has the lease
  };

  /// `rules` must outlive it. `stores_tokens`: whether resume tokens are stored for another program, if rules
  /// ask for that.
  CheckpointKeeper(Parts parts, Events events, const std::vector<std::unique_ptr<Rule>>& rules,
                   bool stores_tokens);
  CheckpointKeeper(const CheckpointKeeper&) = delete;
  CheckpointKeeper& operator=(const CheckpointKeeper&) = delete;

  /// The lease is held under this epoch, and the stream begins after `floor`.
  void start(std::int64_t epoch, const std::optional<Position>& floor);
  bool has_lease() const { return lease_.has_value(); }

  /// Stores positions and renews the lease until finish() or lose_lease() is called.
  asio::awaitable<void> run();
  /// Ends run() soon. ended() completes when run() has ended and no renewal is in flight.
  void finish();
  asio::awaitable<void> ended();

  /// Takes the newest position that may be stored from the dispatcher.
  void take_floor();
  /// Events came in, so there will be a new position to store.
  void note_events() { busy_since_stored_ = true; }
  /// The stream's account of events may be incomplete: no newer position is taken.
  void freeze() { frozen_ = true; }
  /// Another worker has the shard: nothing more is stored, and the lease is not given back.
  void lose_lease() { lease_lost_ = true; }
  bool lease_lost() const { return lease_lost_; }
  /// Whether the lease has been given back, or is about to be.
  bool given_back() const { return given_back_; }

  /// The last step of a stream that holds its lease: stores the newest position and gives the lease back.
  /// Does not throw; an exception is logged.
  asio::awaitable<void> store_and_give_back();
  /// Gives back a lease that was taken under `epoch` but never used.
  asio::awaitable<void> give_back(std::int64_t epoch);

  /// Repeats the warnings about stores that still fail, once a minute.
  void tell_due(flow::Time now);

 private:
  asio::awaitable<bool> store();
  asio::awaitable<std::optional<Error>> renew(bool with_floor);
  asio::awaitable<void> store_tokens(std::vector<flow::TokenTrail::Token> news);
  asio::awaitable<void> release(bool stored);

  Parts parts_;
  Events events_;
  std::optional<flow::Lease> lease_;
  std::int64_t epoch_ = 0;
  std::optional<Position> floor_;  ///< the newest position that may be stored
  /// Where this run began; a stream opened by time starts earlier, and earlier positions are not stored.
  std::string least_floor_;
  std::uint64_t stored_windows_ = 0;  ///< the version of the dedup windows that were stored last
  flow::Time stored_at_{};            ///< when the floor was last stored
  bool busy_since_stored_ = false;    ///< the stored position is not yet after the last event
  std::optional<checkpoint::ForeignTokens> tokens_;  ///< stores the tokens; absent if no rule asks for them
  std::optional<flow::TokenTrail> trail_;            ///< present if tokens_ is
  observe::RepeatedWarning not_stored_;
  observe::RepeatedWarning tokens_not_stored_;
  asio::steady_timer timer_;
  asio::steady_timer end_timer_;
  bool running_ = false;
  bool finished_ = false;
  bool frozen_ = false;
  bool lease_lost_ = false;
  bool given_back_ = false;
};

}  // namespace sluice::pipeline
