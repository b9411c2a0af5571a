#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "checkpoint/shard_records.hpp"
#include "sluice/rule.hpp"

namespace sluice::checkpoint {

/// Which effects a backfill has already written. Its counters were computed from the sources as of one
/// cluster time. The stream begins before that time, and must not count those changes again. Copies need no
/// marks, since writing them twice does no harm.
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

  /// Whether any mark applies at this time. Events come in the order of their time: once false, it stays
  /// false.
  bool matter_at(std::uint64_t cluster_time) const { return cluster_time <= newest_; }
  bool cover(std::uint16_t rule, std::uint64_t cluster_time) const { return cluster_time <= at_[rule]; }

 private:
  std::vector<std::uint64_t> at_;  ///< by rule; 0 for rules that were not filled, or need no mark
  std::uint64_t newest_ = 0;
};

}  // namespace sluice::checkpoint
