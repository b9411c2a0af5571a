#pragma once

#include <string>
#include <vector>

#include "follower.hpp"
#include "options.hpp"
#include "reaction_report.hpp"

namespace storm {

/// Measures a webhook rule, with single events and with batches, and a bare client that posts the same
/// requests.
std::vector<Reaction> measure_calls(const Options& options, Follower& follower);

/// Measures rules that write documents, and a bare client that inserts the same documents.
std::vector<Reaction> measure_writes(const Options& options, Follower& follower);

/// One round of a webhook rule whose service answers at once, alone and together with a rule whose service
/// does not.
struct NeighbourRound {
  double alone = 0;   ///< documents/s of the fast rule alone
  double slow = 0;    ///< the same, next to a rule whose service answers each request after one second
  double silent = 0;  ///< the same, next to a rule whose service never answers
};
std::vector<NeighbourRound> measure_neighbours(const Options& options, Follower& follower);
Json json_of(const std::vector<NeighbourRound>& rounds, std::uint32_t documents);
std::string table_of(const std::vector<NeighbourRound>& rounds);

}  // namespace storm
