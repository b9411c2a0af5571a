#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "fleet.hpp"
#include "options.hpp"

namespace storm {

/// One way of dividing work, and what it cost in each round.
struct ScaleRow {
  std::string name;
  std::uint32_t events = 0;
  std::vector<FleetRun> rounds;
};

/// A backlog of favourites, by one worker with 1, 4, 8 and 16 partitions. In backlogs the server's time for a
/// start that finds nothing to read is taken off.
std::vector<ScaleRow> measure_partitions(const Options& options, const Server& server);

/// Favourites that are written while workers run: one with one partition, one with 16, four with four each,
/// which read for themselves and from a relay. The server's time for the writes alone is taken off.
std::vector<ScaleRow> measure_instances(const Options& options, const Server& server);

/// A backlog of updates, by one rule of a kind and by ten of it, and by ten of each kind. Each group begins
/// with the row that the others are compared with.
std::vector<std::vector<ScaleRow>> measure_rules(const Options& options, const Server& server);

}  // namespace storm
