#pragma once

#include <string>
#include <vector>

#include "rules/shared/set_off.hpp"

namespace sluice::rules {

/// Two rules that may publish the same event under the same deduplication id to the same FIFO queue or topic
/// of AWS, which would drop the second message.
struct SameIds {
  std::string rule;
  std::string other;
  std::string target;  ///< "SQS queue orders.fifo"
};

/// All such pairs, in the order of the rules.
std::vector<SameIds> same_ids(const std::vector<PlacedRule>& rules);

}  // namespace sluice::rules
