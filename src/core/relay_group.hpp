#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sluice/config.hpp"

/// A consumer group that divides the partitions of a relay's log among the members of a cluster.
namespace sluice {

/// What a member knows from its group.
struct RelayShare {
  /// The partitions that the group last assigned to this member, in ascending order; it may have assigned
  /// none. Absent: it has assigned nothing yet since join(). While the group cannot be reached this stays as
  /// it was.
  std::optional<std::vector<int>> assigned;
  bool lost = false;    ///< the group has dropped this member, which tries to join again
  std::string problem;  ///< why it cannot join (again), as far as it is known; "" while all is well
};

/// This process as a member of a consumer group. The group only says who should work on which partition: it
/// delivers nothing, and knows no positions. Thread-safe.
class RelayGroup {
 public:
  virtual ~RelayGroup() = default;
  virtual const std::string& name() const = 0;
  /// Joins, or remains a member. Returns at once.
  virtual void join() = 0;
  /// Leaves, so that the others get this member's partitions. Returns at once.
  virtual void leave() = 0;
  virtual RelayShare share() const = 0;
  /// Leaves for ever, and waits for a moment until the group knows. So does the destructor.
  virtual void close() = 0;
};

/// The name of the consumer group of a pipeline's stream: that of its topic, unless the configuration has
/// another one.
std::string relay_group_name(const RelayConfig& relay, const StreamConfig& stream);

}  // namespace sluice
