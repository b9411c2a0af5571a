#pragma once

#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::observe {

/// What has to hold before this worker may be counted on: a set of named conditions, each met or not yet met
/// for a reason. Ready means that there are conditions and all are met, so that a worker that has not come
/// round to stating them is not ready either. Thread-safe.
class Readiness {
 public:
  /// States the condition, or changes its reason.
  void not_ready(std::string_view condition, std::string_view reason);
  void ready(std::string_view condition);
  void forget(std::string_view condition);

  bool is_ready() const;

  /// Why this condition is not met; empty when it is, or was never stated.
  std::string reason(std::string_view condition) const;

  /// `condition: reason` for each that is not met, in the order of their names.
  std::vector<std::string> reasons() const;

  /// `{"status":"READY"}` or `{"status":"NOT_READY","reasons":[...]}`
  std::string json() const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::string, std::less<>> reasons_;  // "" for one that is met
};

}  // namespace sluice::observe
