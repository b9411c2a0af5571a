#pragma once

#include <string>
#include <vector>

#include "checkpoint/membership.hpp"
#include "flow/share.hpp"

namespace sluice::cluster {

/// Decides which partitions a member should hold, given the cluster's state as it last read it. No I/O.
class SharePolicy {
 public:
  struct Parts {
    std::string self;    ///< the member's instance
    std::string stream;  ///< the stream's name: it determines the order of members
    std::string options_hash;
    int partitions = 1;
  };

  explicit SharePolicy(Parts parts) : parts_(std::move(parts)) {}

  /// How many members share the stream's partitions, this one included.
  int members_of(const checkpoint::ClusterRecord& record) const;
  /// Why this member may take no partition yet, as a sentence that names the holder it waits for. Empty if it
  /// need not wait.
  std::string waits_for(const checkpoint::ClusterRecord& record) const;
  /// Which partitions to start and to stop here. `here`: by partition, whether it runs here.
  flow::ShareOrder order_of(const checkpoint::ClusterRecord& record, std::vector<flow::Seated> here) const;
  /// The same where a consumer group has assigned these partitions to this member, which does not stand
  /// aside.
  flow::ShareOrder order_of(const checkpoint::ClusterRecord& record, std::vector<flow::Seated> here,
                            const std::vector<int>& assigned) const;
  /// The members through which this one may read the change stream: live ones that hold partitions under the
  /// same rules, and read by themselves.
  std::vector<Peer> peers_of(const checkpoint::ClusterRecord& record) const;
  /// Whether this member should hold nothing, because it is hindered and another one is not.
  bool stands_aside(const checkpoint::ClusterRecord& record) const;

 private:
  bool counts(const checkpoint::MemberRecord& member) const;
  bool any_able(const checkpoint::ClusterRecord& record) const;
  flow::ShareView view_of(const checkpoint::ClusterRecord& record, std::vector<flow::Seated> here) const;

  const Parts parts_;
};

}  // namespace sluice::cluster
