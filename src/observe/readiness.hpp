#pragma once

#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::observe {

/// Whether this worker is ready: a set of named conditions, each either met or not met for a reason. The
/// worker is ready if there is at least one condition and all conditions are met. So it is not ready before
/// the first condition is set. Thread-safe.
class Readiness {
 public:
  /// Sets the condition to not met, with this reason.
  void not_ready(std::string_view condition, std::string_view reason);
  void ready(std::string_view condition);
  void forget(std::string_view condition);
  /// Forgets this condition and its parts: the conditions whose names begin with its name and a space.
  void forget_all(std::string_view condition);
  /// Forgets only the parts of this condition.
  void forget_parts(std::string_view condition);

  /// A fault that does not affect readiness, such as a server that is down while messages wait for it. An
  /// empty text clears it.
  void degraded(std::string_view about, std::string_view text);

  /// Something worth knowing that is not a fault. An empty text clears it.
  void note(std::string_view about, std::string_view text);

  bool is_ready() const;

  /// Why this condition is not met. Empty if it is met or was never set.
  std::string reason(std::string_view condition) const;

  /// The reasons of this condition and of its parts, separated by `; `. Empty if all are met.
  std::string all_reasons(std::string_view condition) const;

  /// `condition: reason` for each condition that is not met, ordered by name.
  std::vector<std::string> reasons() const;

  /// `{"status":"READY"}`, `{"status":"DEGRADED","degraded":[...]}` or
  /// `{"status":"NOT_READY","reasons":[...]}`. If there are faults, the last one also has `"degraded"`; if
  /// there are notes, each has `"notes":[...]`. A degraded worker is ready. `ready` and `json` are taken at
  /// the same moment.
  struct Answer {
    bool ready = false;
    std::string json;
  };
  Answer answer() const;
  std::string json() const { return answer().json; }

 private:
  std::vector<std::string> reasons_now() const;

  mutable std::mutex mutex_;
  std::map<std::string, std::string, std::less<>> reasons_;  // "" if the condition is met
  std::map<std::string, std::string, std::less<>> degraded_;
  std::map<std::string, std::string, std::less<>> notes_;
};

}  // namespace sluice::observe
