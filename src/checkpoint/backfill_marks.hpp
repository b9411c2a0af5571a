#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "checkpoint/shard_records.hpp"
#include "sluice/rule.hpp"

namespace sluice::checkpoint {

/// Which effects a backfill has anticipated. Its counters were computed from all that stood in the sources at
/// one moment, so the stream, which begins before that moment, must not count those changes again. Copies
/// need no such care: writing them twice does no harm.
class BackfillMarks {
 public:
  void set(const std::vector<std::unique_ptr<Rule>>& rules, const std::vector<BackfillMark>& filled) {
    at_.assign(rules.size(), 0);
    for (std::size_t i = 0; i < rules.size(); ++i) {
      for (const BackfillMark& one : filled) {
        if (one.rule == rules[i]->name()) at_[i] = one.at;
      }
    }
    newest_ = at_.empty() ? 0 : *std::ranges::max_element(at_);
  }

  /// Events come in the order of their time: once false, it stays so.
  bool matter_at(std::uint64_t cluster_time) const { return cluster_time <= newest_; }
  bool cover(std::uint16_t rule, std::uint64_t cluster_time) const { return cluster_time <= at_[rule]; }

 private:
  std::vector<std::uint64_t> at_;  ///< by rule; 0 for those that were not filled, or need no such care
  std::uint64_t newest_ = 0;
};

}  // namespace sluice::checkpoint
