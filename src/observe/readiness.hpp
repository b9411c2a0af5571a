#pragma once

#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::observe {

/// Whether this worker is ready: a set of named conditions, each met, or not met for a reason. Ready means
/// that there is at least one condition and all are met, so a worker that has stated none is not ready.
/// Thread-safe.
class Readiness {
 public:
  /// States the condition, or changes its reason.
  void not_ready(std::string_view condition, std::string_view reason);
  void ready(std::string_view condition);
  void forget(std::string_view condition);
  /// This one and those that belong to it: whose names begin with it and a space.
  void forget_all(std::string_view condition);
  /// Only those that belong to it.
  void forget_parts(std::string_view condition);

  /// A fault that does not affect readiness, such as a server that messages wait for. An empty text clears
  /// it.
  void degraded(std::string_view about, std::string_view text);

  /// Something worth knowing that is no fault; an empty text takes it back.
  void note(std::string_view about, std::string_view text);

  bool is_ready() const;

  /// Why this condition is not met; empty when it is, or was never stated.
  std::string reason(std::string_view condition) const;

  /// The reasons of this condition and of those that belong to it, one behind the other; empty when all are
  /// met.
  std::string all_reasons(std::string_view condition) const;

  /// `condition: reason` for each that is not met, in the order of their names.
  std::vector<std::string> reasons() const;

  /// `{"status":"READY"}`, `{"status":"DEGRADED","degraded":[...]}` or
  /// `{"status":"NOT_READY","reasons":[...]}`; the latter with `"degraded"` as well, and each with
  /// `"notes":[...]`, where there are any. One that is degraded is ready. State and text are of one moment.
  struct Answer {
    bool ready = false;
    std::string json;
  };
  Answer answer() const;
  std::string json() const { return answer().json; }

 private:
  std::vector<std::string> reasons_now() const;

  mutable std::mutex mutex_;
  std::map<std::string, std::string, std::less<>> reasons_;  // "" for one that is met
  std::map<std::string, std::string, std::less<>> degraded_;
  std::map<std::string, std::string, std::less<>> notes_;
};

}  // namespace sluice::observe
