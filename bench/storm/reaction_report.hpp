#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "follower.hpp"
#include "report.hpp"

namespace storm {

/// A rule beside what reading alone and a bare client reach, each with the machine to itself.
struct ReactionRound {
  Followed ours;
  double cursor = 0;       ///< events/s
  double client = 0;       ///< documents/s
  double requests = 0;     ///< of the worker, where it calls a service
  double service_cpu = 0;  ///< seconds, in the time measured
};

struct Reaction {
  std::string name;
  std::uint32_t documents = 0;
  double client_bytes = 0;  ///< that the bare client sends for each document
  std::vector<ReactionRound> rounds;

  double rate(const ReactionRound& round) const { return documents / round.ours.seconds; }
};

Json json_of(const Reaction& reaction);
std::vector<std::string> reaction_heads();
std::vector<std::string> row_of(const Reaction& reaction);
/// A line of progress, of the newest round.
void tell(const Reaction& reaction);

}  // namespace storm
