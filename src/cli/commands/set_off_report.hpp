#pragma once

#include <vector>

#include "inspect/finding.hpp"
#include "requirements/requirements.hpp"
#include "rules/shared/set_off.hpp"
#include "sluice/config.hpp"
#include "text/json_writer.hpp"

namespace sluice::cli {

/// The rules that were made of the streams that run, named by the streams of the file (`stated`).
std::vector<rules::PlacedRule> placed_rules(const std::vector<StreamConfig>& stated,
                                            const std::vector<StreamConfig>& streams,
                                            const std::vector<requirements::Rules>& made);

/// Which rules of a file are set off by the writes of other rules, for `sluice check`.
class SetOffReport {
 public:
  SetOffReport() = default;
  explicit SetOffReport(const std::vector<rules::PlacedRule>& placed);

  /// As findings: notes, and a warning for each loop that may never end.
  std::vector<inspect::Finding> findings() const;
  /// Appends the members `set_off` and `loops` to the object that is open in `json`.
  void append_to(text::JsonWriter& json) const;

 private:
  std::vector<rules::SetOff> set_offs_;
  std::vector<rules::Loop> loops_;
};

}  // namespace sluice::cli
