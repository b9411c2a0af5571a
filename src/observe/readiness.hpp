#pragma once

#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::observe {

/// Whether this worker is ready: a set of named conditions, each met or with a reason why it is not. The
/// worker is ready if there is at least one condition and all are met. Thread-safe.
class Readiness {
 public:
  /// Adds the condition as not met, or changes its reason.
  void not_ready(std::string_view condition, std::string_view reason);
  void ready(std::string_view condition);
  void forget(std::string_view condition);
  /// Removes the condition and all whose names begin with its name and a space.
  void forget_all(std::string_view condition);
  /// Removes only those whose names begin with its name and a space.
  void forget_parts(std::string_view condition);

  /// Sets a fault that does not affect readiness, such as a server that messages wait for. An empty text
  /// removes it.
  void degraded(std::string_view about, std::string_view text);

  /// Sets a note that is not a fault. An empty text removes it.
  void note(std::string_view about, std::string_view text);

  bool is_ready() const;

  /// Why the condition is not met; empty if it is met or does not exist.
  std::string reason(std::string_view condition) const;

  /// The reasons of the condition and of those whose names begin with its name and a space, joined; empty if
  /// all are met.
  std::string all_reasons(std::string_view condition) const;

  /// `condition: reason` for each condition that is not met, sorted by name.
  std::vector<std::string> reasons() const;

  /// `{"status":"READY"}`, `{"status":"DEGRADED","degraded":[...]}` or
  /// `{"status":"NOT_READY","reasons":[...]}`. The last may also have `"degraded"`, and each `"notes":[...]`.
  /// A degraded worker is ready. Status and text are from the same moment.
  struct Answer {
    bool ready = false;
    std::string json;
  };
  Answer answer() const;
  std::string json() const { return answer().json; }

 private:
  std::vector<std::string> reasons_now() const;

  mutable std::mutex mutex_;
  std::map<std::string, std::string, std::less<>> reasons_;  // "" for a condition that is met
  std::map<std::string, std::string, std::less<>> degraded_;
  std::map<std::string, std::string, std::less<>> notes_;
};

}  // namespace sluice::observe
