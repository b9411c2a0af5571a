#pragma once

#include <vector>

#include "follower.hpp"
#include "options.hpp"
#include "reaction_report.hpp"

namespace storm {

/// A webhook rule, of single events and of batches, beside a client that posts the same.
std::vector<Reaction> measure_calls(const Options& options, Follower& follower);

/// Rules that write documents, beside a client that inserts the very documents.
std::vector<Reaction> measure_writes(const Options& options, Follower& follower);

/// A webhook rule whose service answers at once, alone and beside rules whose services do not.
struct NeighbourRound {
  double alone = 0;   ///< documents/s of the fast rule, as all that follow
  double slow = 0;    ///< beside one whose service answers each request after a second
  double silent = 0;  ///< beside one whose service never answers
};
std::vector<NeighbourRound> measure_neighbours(const Options& options, Follower& follower);

}  // namespace storm
