#pragma once

#include <optional>

#include "flow/time.hpp"
#include "mongo/client.hpp"

namespace sluice::source {

/// What the primary tells of its clock and of its oplog, in seconds since the epoch.
struct OplogAnswer {
  flow::Time at{};                   ///< when it was asked
  std::optional<double> wall_clock;  ///< its own clock at that time
  std::optional<double> oldest;      ///< cluster time of the oplog's oldest entry
  std::optional<Error> error;        ///< why one of the two is absent
};

/// Asks for both. Blocks.
OplogAnswer read_oplog(mongo::ClientPool& pool);

}  // namespace sluice::source
