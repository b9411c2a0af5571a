#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/position.hpp"
#include "inspect/finding.hpp"
#include "requirements/rights.hpp"
#include "sluice/config.hpp"

namespace sluice::inspect {

/// The findings about a stream's state, and its stored position.
struct StateReport {
  std::vector<std::pair<Level, std::string>> findings;
  std::optional<Position> floor;  ///< the oldest stored position; absent if a worker would not resume at one
};

/// Checks the rights on the state database, whether transactions work, the holders and positions of the
/// stream's shards, and whether the oplog still reaches back to them. Blocks.
StateReport inspect_state(mongoc_client_t* client, const requirements::Rights& rights, const Config& config,
                          const StreamConfig& stream, const requirements::Rules& rules);

/// `12 s`, `3.4 h`, `2.0 d`
std::string span_text(std::int64_t seconds);

}  // namespace sluice::inspect
