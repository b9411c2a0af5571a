#pragma once

#include <string>
#include <vector>

#include "checkpoint/membership.hpp"
#include "flow/share.hpp"

namespace sluice::cluster {

/// Which partitions a member should hold, by what it saw of the cluster. No I/O.
class SharePolicy {
 public:
  struct Parts {
    std::string self;    ///< the member's instance
    std::string stream;  ///< its name: members are ordered differently for each stream
    std::string options_hash;
    int partitions = 1;
  };

  explicit SharePolicy(Parts parts) : parts_(std::move(parts)) {}

  /// How many members divide the stream, this one among them.
  int members_of(const checkpoint::ClusterRecord& record) const;
  /// For whom all partitions have to wait; empty for nobody.
  std::string waits_for(const checkpoint::ClusterRecord& record) const;
  /// What to take and to give. `here`: for each partition, whether it runs here.
  flow::ShareOrder order_of(const checkpoint::ClusterRecord& record, std::vector<flow::Seated> here) const;

 private:
  bool counts(const checkpoint::MemberRecord& member) const;
  flow::ShareView view_of(const checkpoint::ClusterRecord& record, std::vector<flow::Seated> here) const;

  const Parts parts_;
};

}  // namespace sluice::cluster
