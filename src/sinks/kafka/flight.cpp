#include "sinks/kafka/flight.hpp"

#include <algorithm>
#include <cassert>
#include <unordered_set>

namespace sluice::sinks::kafka {

Settled settle(std::span<const Flown> flight) {
  Settled settled;
  settled.done.reserve(flight.size());
  std::unordered_set<std::uint64_t> held_up;  // keys with a message that is not stored
  for (std::size_t i = 0; i < flight.size(); ++i) {
    const auto& [key, fate] = flight[i];
    assert(fate != pending);
    if (fate == refused) {
      if (!settled.refused) settled.refused = i;
    } else if (fate == stored) {
      if (held_up.empty() || !held_up.contains(key)) settled.done.push_back(i);
    } else {
      held_up.insert(key);
      if (fate != unsent && !settled.failed) settled.failed = i;
    }
  }
  return settled;
}

}  // namespace sluice::sinks::kafka
