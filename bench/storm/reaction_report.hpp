#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "follower.hpp"
#include "report.hpp"

namespace storm {

/// One round of a rule and its rivals, a bare cursor and a bare client, each of which has the machine to
/// itself.
struct ReactionRound {
  Followed ours;
  double cursor = 0;       ///< events/s of the bare cursor
  double client = 0;       ///< documents/s of the bare client
  double requests = 0;     ///< the worker's requests, if the rule calls a service
  double service_cpu = 0;  ///< CPU seconds of the service in the measured time
};

struct Reaction {
  std::string name;
  std::uint32_t documents = 0;
  double client_bytes = 0;  ///< bytes that the bare client sends per document
  std::vector<ReactionRound> rounds;

  double rate(const ReactionRound& round) const { return documents / round.ours.seconds; }
};

Json json_of(const Reaction& reaction);
std::vector<std::string> reaction_heads();
std::vector<std::string> row_of(const Reaction& reaction);
/// Prints the result of the newest round to stderr.
void tell(const Reaction& reaction);

}  // namespace storm
