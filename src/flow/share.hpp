#pragma once

#include <string>
#include <vector>

namespace sluice::flow {

/// What runs here for a partition.
enum class Seated { no, yes, leaving };

/// What a member of a cluster knows when it decides which partitions it should run.
struct ShareView {
  std::string self;
  /// The live members. All of them have to list them in the same order: it breaks ties.
  std::vector<std::string> members;
  /// By partition: who holds its lease; "" for nobody. Holders that are no members (any more) keep what they
  /// have until they let go.
  std::vector<std::string> holders;
  std::vector<Seated> here;  ///< by partition
};

struct ShareOrder {
  std::vector<int> take;  ///< to be started here
  std::vector<int> give;  ///< to be stopped here
};

/// Divides the partitions evenly: each member gets the same number, or one more. Nothing moves that need not:
/// whoever has more than its share gives up the surplus, and whoever has less takes what nobody holds. Every
/// member computes the same division from the same view. Views differ for moments, so two may be after one
/// partition; the lease decides between them, and the loser finds the partition held at its next look.
ShareOrder share(const ShareView& view);

}  // namespace sluice::flow
