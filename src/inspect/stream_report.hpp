#pragma once

#include <functional>
#include <string>
#include <utility>

#include "inspect/finding.hpp"
#include "sluice/config.hpp"
#include "sluice/rule.hpp"

namespace sluice::inspect {

/// Reports findings about one stream and its rules.
class StreamReport {
 public:
  /// `report` must outlive it.
  StreamReport(const StreamConfig& stream, const std::function<void(const Finding&)>& report)
      : stream_(stream.name), report_(report) {}

  void say(Level level, std::string message) const { report_({level, stream_, std::move(message)}); }
  void say(Level level, const Rule& rule, std::string message) const {
    report_({level, stream_ + "/" + rule.name(), std::move(message)});
  }

 private:
  std::string stream_;
  const std::function<void(const Finding&)>& report_;
};

}  // namespace sluice::inspect
