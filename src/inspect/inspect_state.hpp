#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/position.hpp"
#include "inspect/finding.hpp"
#include "requirements/rights.hpp"
#include "sluice/config.hpp"
#include "source/stream_filter.hpp"

namespace sluice::inspect {

/// What the state database knows of a stream.
struct StateReport {
  std::vector<std::pair<Level, std::string>> findings;
  std::optional<Position> floor;  ///< the oldest stored position; absent where a start would be the first
  bool filter_changed = false;    ///< it was stored under another filter
};

/// Looks at the rights on the state database, at transactions, at who holds the stream's shards, where they
/// stand, and whether the oplog still reaches back to there.
StateReport inspect_state(mongoc_client_t* client, const requirements::Rights& rights, const Config& config,
                          const StreamConfig& stream, const source::StreamFilter& filter,
                          const requirements::Rules& rules);

/// `12 s`, `3.4 h`, `2.0 d`
std::string span_text(std::int64_t seconds);

}  // namespace sluice::inspect
