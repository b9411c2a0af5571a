#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <vector>

namespace sluice::sinks::kafka {

/// How a message fared: a code of librdkafka, of which 0 means stored, or one of these.
using Fate = std::int32_t;
inline constexpr Fate stored = 0;
inline constexpr Fate unsent = std::numeric_limits<Fate>::min();  ///< not given to librdkafka
inline constexpr Fate pending = unsent + 1;                       ///< its delivery report is still to come
inline constexpr Fate refused = unsent + 2;  ///< can never be sent: becomes a dead letter

/// A message of a flight: the hash of its key, and its fate.
struct Flown {
  std::uint64_t key;
  Fate fate;
};

/// What a flight has achieved.
struct Settled {
  /// The messages that are done, in their order: stored, and so is each message of their key before them.
  std::vector<std::size_t> done;
  std::optional<std::size_t> failed;  ///< the first message that failed; a flight ends with the first failure
  std::optional<std::size_t> refused;  ///< the first message that can never be sent

  bool whole(std::size_t messages) const { return done.size() == messages; }
};

/// Settles a flight of which no message is pending any more. When a message fails, later ones of its key may
/// have been stored already. They are not done: they are sent again after it, so that the last message of a
/// key in the topic is the last one of its changes. A refused message does not hold up others.
Settled settle(std::span<const Flown> flight);

}  // namespace sluice::sinks::kafka
