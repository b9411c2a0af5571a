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
  bool whole = false;                ///< that entry is its first one: nothing has been overwritten yet
  std::optional<Error> error;        ///< why wall_clock or oldest is absent
};

/// Whether this entry is the first one of a replica set's oplog. A member that was added later may begin with
/// another one.
bool is_first_of_oplog(const bson::View& entry);

/// Reads both from the primary. Blocks.
OplogAnswer read_oplog(mongo::ClientPool& pool);

}  // namespace sluice::source
