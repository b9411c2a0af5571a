#pragma once

#include <optional>
#include <string>

#include "sluice/config.hpp"

namespace sluice::checkpoint {

class StateTransaction;

/// A stream whose publishing rules run in a stream of their own: the ids and hashes in its stored positions.
struct SplitPositions {
  std::string maintaining;  ///< the id of the stream with the other rules
  std::string publishing;
  std::string maintaining_hash;  ///< the options hash of the other rules
  std::string whole_hash;        ///< the options hash of all rules together
};

/// Nothing if the stream is not divided like this.
std::optional<SplitPositions> split_of(const std::string& pipeline, const StreamConfig& stream);

/// Gives the publishing stream its first position. If it has none, and the maintaining stream's position was
/// stored with other rules than its present ones (for example with all rules), the publishing stream begins
/// at that position, shard by shard. Whichever stream starts first does this, in the transaction in which it
/// takes its lease or in take_split_position(), before either stream advances. Otherwise nothing happens: new
/// rules begin at the present moment. Throws StateError.
void split_positions(StateTransaction& state, const SplitPositions& split);

}  // namespace sluice::checkpoint
