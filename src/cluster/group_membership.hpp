#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cluster/share_policy.hpp"
#include "core/relay_group.hpp"
#include "observe/log/repeated_warning.hpp"
#include "observe/readiness.hpp"

namespace sluice::cluster {

/// A member's part in the consumer group that assigns a relay's partitions. Decides when the member belongs
/// to the group, and which partitions it starts and stops then. Used on the strand, except close().
class GroupMembership {
 public:
  /// Everything referred to must outlive it.
  struct Parts {
    const SharePolicy& policy;
    const observe::StreamLog& log;
    observe::Readiness& readiness;
    const std::string& condition;  ///< the member's name in /readyz
  };

  GroupMembership(std::unique_ptr<RelayGroup> group, Parts parts);

  /// None: nothing can be decided yet. `waits`: the member may take no partition (see SharePolicy). It leaves
  /// the group then, since what the group assigned to it would be idle.
  std::optional<flow::ShareOrder> order_of(const checkpoint::ClusterRecord& record, bool waits,
                                           std::vector<flow::Seated> here);
  /// Why nothing has been decided yet; empty if something has.
  const std::string& waits_for() const { return waits_for_; }
  /// Nothing is decided any more.
  void stop();
  /// Leaves the group. Blocks for a moment; called on the member's thread.
  void close() { group_->close(); }

 private:
  void tell(const RelayShare& share);

  const std::unique_ptr<RelayGroup> group_;
  const Parts parts_;
  observe::RepeatedWarning failing_;
  const std::string about_;  ///< of what is degraded
  std::string waits_for_;
};

}  // namespace sluice::cluster
