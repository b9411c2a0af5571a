#pragma once

#include <string>
#include <vector>

namespace sluice::flow {

/// Whether this process runs a partition; `leaving`: it is being stopped.
enum class Seated { no, yes, leaving };

/// What a member of a cluster knows when it decides which partitions it should run.
struct ShareView {
  std::string self;
  /// The live members. All members must list them in the same order, which breaks ties.
  std::vector<std::string> members;
  /// By partition: who holds its lease; "" for nobody. A holder that is not (or no longer) a member keeps its
  /// partitions until it gives them up.
  std::vector<std::string> holders;
  std::vector<Seated> here;  ///< by partition
};

struct ShareOrder {
  std::vector<int> take;  ///< partitions to start in this process
  std::vector<int> give;  ///< partitions to stop in this process
};

/// Divides the partitions evenly: each member gets the same number or one more. Moves as few as possible: a
/// member with more than its share gives up the surplus, and one with less takes partitions that nobody
/// holds. Every member computes the same division from the same view. Views may differ for a moment, so two
/// members may want one partition. Then the lease has one winner, and the loser sees it at the next look.
ShareOrder share(const ShareView& view);

/// The order for a member to which somebody else assigns partitions, such as a consumer group: it stops those
/// that are not assigned to it, and starts those that are as soon as nobody else holds them. view.members
/// does not matter.
ShareOrder share_as_assigned(const ShareView& view, const std::vector<int>& assigned);

}  // namespace sluice::flow
