#pragma once

#include <vector>

#include "observe/json_writer.hpp"
#include "pipeline/finding.hpp"
#include "pipeline/needs.hpp"
#include "rules/set_off.hpp"
#include "sluice/config.hpp"

namespace sluice::cli {

/// Which rules of a file are set off by the writes of which, for `sluice check`.
class SetOffReport {
 public:
  SetOffReport() = default;
  /// `stated`: the streams of the file; `streams`: those that run, with the rules made of each.
  SetOffReport(const std::vector<StreamConfig>& stated, const std::vector<StreamConfig>& streams,
               const std::vector<pipeline::Rules>& made);

  /// In words: notes, and a warning of each loop that nothing is known to end.
  std::vector<pipeline::Finding> findings() const;
  /// As the members `set_off` and `loops` of the object that is open.
  void append_to(observe::JsonWriter& json) const;

 private:
  std::vector<rules::SetOff> set_offs_;
  std::vector<rules::Loop> loops_;
};

}  // namespace sluice::cli
