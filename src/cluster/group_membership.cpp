#include "cluster/group_membership.hpp"

#include <utility>

namespace sluice::cluster {

GroupMembership::GroupMembership(std::unique_ptr<RelayGroup> group, Parts parts)
    : group_(std::move(group)),
      parts_(parts),
      failing_(parts_.log, "the consumer group " + group_->name() + " does not assign partitions"),
      about_(parts_.condition + " group") {}

std::optional<flow::ShareOrder> GroupMembership::order_of(const checkpoint::ClusterRecord& record, bool waits,
                                                          std::vector<flow::Seated> here) {
  const bool aside = parts_.policy.stands_aside(record);
  if (waits || aside) {
    group_->leave();
    tell({std::vector<int>{}, false, ""});
    if (waits) return std::nullopt;
    return parts_.policy.order_of(record, std::move(here), {});  // gives back all that it holds
  }
  group_->join();
  const RelayShare share = group_->share();
  tell(share);
  if (!share.assigned) return std::nullopt;
  return parts_.policy.order_of(record, std::move(here), *share.assigned);
}

void GroupMembership::tell(const RelayShare& share) {
  share.problem.empty() ? failing_.succeeded() : failing_.failed(share.problem);
  waits_for_.clear();
  if (!share.assigned) {
    waits_for_ = "waits until the consumer group " + group_->name() + " assigns partitions";
    if (!share.problem.empty()) waits_for_ += ": " + share.problem;
  }
  parts_.readiness.degraded(
      about_, share.assigned && share.lost ? "partitions stay where they are: " + share.problem : "");
}

void GroupMembership::stop() {
  parts_.readiness.degraded(about_, "");
}

}  // namespace sluice::cluster
