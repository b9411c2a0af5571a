#pragma once

#include <optional>

#include "flow/time.hpp"
#include "mongo/client.hpp"

namespace sluice::source {

/// The primary's clock and the start of its oplog, in seconds since the epoch.
struct OplogAnswer {
  flow::Time at{};                   ///< when the primary was asked
  std::optional<double> wall_clock;  ///< the primary's clock at that time
  std::optional<double> oldest;      ///< cluster time of the oplog's oldest entry
  std::optional<Error> error;        ///< why wall_clock or oldest is absent
};

/// Reads both from the primary. Blocks.
OplogAnswer read_oplog(mongo::ClientPool& pool);

}  // namespace sluice::source
