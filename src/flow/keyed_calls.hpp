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

/// Decides which of a lane's calls may begin: of each key one at a time, in the order of their messages, and
/// the oldest first. A call that failed pauses, and the later ones of its key wait for it; other keys go on.
///
/// A lane sends batches that overlap: each begins with the oldest message that is not resolved. take() finds
/// what it knows already in the next batch, so a call may stay under way from one batch to the next, and what
/// has returned is not begun again. Does no I/O and asks for no time.
class KeyedCalls {
 public:
  /// Names a call as long as it is known.
  using Place = std::uint64_t;

  struct Message {
    std::string_view id;  ///< unlike all others of the lane
    std::uint64_t key = 0;
  };

  /// `tries`: after so many failures a call is refused; absent: never.
  KeyedCalls(std::optional<int> tries, Backoff::Limits pauses, std::uint64_t seed)
      : tries_(tries), pauses_(pauses), random_(seed) {}

  /// The messages of a batch, oldest first. Those before its first one are resolved and forgotten, and so are
  /// those that are left out of its middle; those behind its last one are kept.
  void take(std::span<const Message> batch);

  /// The next call of the batch to begin; absent while there is none. It counts as under way from then on.
  std::optional<Place> next(Time now);
  /// Whether next() would give one.
  bool any_ready(Time now);
  /// When the first pause ends.
  std::optional<Time> next_due() const;

  void returned(Place place);

  enum class After : std::uint8_t { pause, refused };
  /// `for_good`: no further try will help.
  After failed(Place place, bool for_good, Time now);
  /// It failed since the process stops: that does not count, and it is not begun again here.
  void left(Place place);

  /// How often it was begun.
  int attempts(Place place) const { return call(place).failures + 1; }
  /// Where it stands in the batch; absent where it is not part of it.
  std::optional<std::size_t> index_of(Place place) const;
  /// A call of the batch that was refused and was not told of yet; the oldest.
  std::optional<std::size_t> first_refused() const;

  /// How many of the batch's messages, from its first on, have returned.
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
    bool gone = false;  ///< resolved, or a dead letter
    int failures = 0;
    Place next = none;  ///< of the same key
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
  Place base_ = 0;  ///< of the first call
  std::unordered_map<std::uint64_t, Place> last_of_key_;
  std::priority_queue<Place, std::vector<Place>, std::greater<>> ready_;
  using Pause = std::pair<Time, Place>;
  std::priority_queue<Pause, std::vector<Pause>, std::greater<>> pausing_;
  std::vector<Place> batch_;
};

}  // namespace sluice::flow
