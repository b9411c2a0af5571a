#pragma once

#include <vector>

#include "inspect/finding.hpp"
#include "requirements/requirements.hpp"
#include "rules/shared/set_off.hpp"
#include "sluice/config.hpp"
#include "text/json_writer.hpp"

namespace sluice::cli {

/// Which rules of a file are set off by the writes of which, for `sluice check`.
class SetOffReport {
 public:
  SetOffReport() = default;
  /// `stated`: the streams of the file; `streams`: those that run, with the rules made of each.
  SetOffReport(const std::vector<StreamConfig>& stated, const std::vector<StreamConfig>& streams,
               const std::vector<requirements::Rules>& made);

  /// In words: notes, and a warning of each loop that nothing is known to end.
  std::vector<inspect::Finding> findings() const;
  /// As the members `set_off` and `loops` of the object that is open.
  void append_to(text::JsonWriter& json) const;

 private:
  std::vector<rules::SetOff> set_offs_;
  std::vector<rules::Loop> loops_;
};

}  // namespace sluice::cli
