#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <queue>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "flow/backoff.hpp"
#include "flow/time.hpp"

namespace sluice::flow {

/// Decides which of a lane's calls to handlers may begin: the oldest first, and for each key one at a time,
/// in the order of their messages. A call that failed pauses, and later ones of its key wait for it; other
/// keys go on.
///
/// A lane's batches overlap: each begins with the oldest message that is not resolved. take() recognises the
/// messages of earlier batches by their ids, so a call may stay under way from one batch to the next, and a
/// call that has returned is not made again. Does no I/O and never reads the clock.
class KeyedCalls {
 public:
  /// Identifies a call until it is forgotten.
  using Place = std::uint64_t;

  struct Message {
    std::string_view id;  ///< unique within the lane
    std::uint64_t key = 0;
  };

  /// `tries`: a call is refused after this many failures; nullopt: never.
  KeyedCalls(std::optional<int> tries, Backoff::Limits pauses, std::uint64_t seed)
      : tries_(tries), pauses_(pauses), random_(seed) {}

  /// Takes the next batch's messages, oldest first. Calls whose messages stand before its first one, or are
  /// missing from its middle, are resolved, and are forgotten. Those behind its last one are kept.
  void take(std::span<const Message> batch);

  /// The next call of the batch to begin, which counts as under way from then on; nullopt if none may begin
  /// now.
  std::optional<Place> next(Time now);
  /// Whether next() would return a call.
  bool any_ready(Time now);
  /// When the earliest pause ends.
  std::optional<Time> next_due() const;

  void returned(Place place);

  enum class After : std::uint8_t { pause, refused };
  /// The call failed. `for_good`: trying again would not help.
  After failed(Place place, bool for_good, Time now);
  /// The call failed because the process stops. This does not count as a failure, and the call is not made
  /// again in this process.
  void left(Place place);

  /// The number of the current or last attempt, from 1. Ask before failed() counts a failure.
  int attempts(Place place) const { return call(place).failures + 1; }
  /// The call's index in the batch; nullopt if the batch does not have it.
  std::optional<std::size_t> index_of(Place place) const;
  /// The index of the oldest refused call of the batch. It is returned until a batch comes without it.
  std::optional<std::size_t> first_refused() const;

  /// How many messages at the front of the batch have returned.
  std::size_t done_first() const;
  bool all_done() const { return done_first() == batch_.size(); }
  std::size_t known() const { return calls_.size(); }

 private:
  enum class State : std::uint8_t { waiting, under_way, pausing, done, refused, left };
  static constexpr Place none = UINT64_MAX;

  struct Call {
    std::string id;
    std::uint64_t key = 0;
    State state = State::waiting;
    bool gone = false;  ///< its message is resolved, or became a dead letter
    int failures = 0;
    Place next = none;  ///< the next call of the same key
  };

  Call& call(Place place) { return calls_[place - base_]; }
  const Call& call(Place place) const { return calls_[place - base_]; }
  Place end() const { return base_ + calls_.size(); }
  Place add(const Message& message);
  Place find(std::string_view id, Place from) const;
  void forget(Place place);
  void begin_next_of_key(Place place);
  void wake(Time now);
  Duration pause_after(int failures);

  std::optional<int> tries_;
  Backoff::Limits pauses_;
  std::mt19937_64 random_;
  std::deque<Call> calls_;
  Place base_ = 0;  ///< of the first element of calls_
  std::unordered_map<std::uint64_t, Place> last_of_key_;
  std::priority_queue<Place, std::vector<Place>, std::greater<>> ready_;
  using Pause = std::pair<Time, Place>;
  std::priority_queue<Pause, std::vector<Pause>, std::greater<>> pausing_;
  std::vector<Place> batch_;
};

}  // namespace sluice::flow
