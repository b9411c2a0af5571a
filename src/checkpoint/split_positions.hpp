#pragma once

#include <optional>
#include <string>

#include "sluice/config.hpp"

namespace sluice::checkpoint {

class StateTransaction;

/// A stream whose publishing rules run in a stream of their own, as its stored positions know it.
struct SplitPositions {
  std::string maintaining;  ///< ids of the two streams
  std::string publishing;
  std::string maintaining_hash;  ///< of the options of the rules that stay
  std::string whole_hash;        ///< of all rules, as they would be in one stream
};

/// Nothing for a stream that was not split.
std::optional<SplitPositions> split_of(const std::string& pipeline, const StreamConfig& stream);

/// Where the publishing stream has no position, and the other one was stored when it had other rules than
/// those that stay (all of them, say): the publishing stream begins where that one stands, shard by shard.
/// Whichever of the two starts first does it, in the transaction in which it takes its lease, before anything
/// moves on. Otherwise nothing happens: rules that are new begin at the present moment. Throws StateError.
void split_positions(StateTransaction& state, const SplitPositions& split);

}  // namespace sluice::checkpoint
