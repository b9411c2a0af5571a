#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::inspect {

enum class Level : std::uint8_t {
  ok,
  note,         ///< information only
  warning,      ///< the worker runs, but not as well as it could
  error,        ///< the worker would not run, or not correctly
  unreachable,  ///< the server cannot be reached, so nothing else was checked
};

/// The result of one check.
struct Finding {
  Level level = Level::ok;
  std::string subject;  ///< `stream`, `stream/rule`, or `cluster`
  std::string message;  ///< what was found, and what to do about it; one line

  friend bool operator==(const Finding&, const Finding&) = default;
};

inline std::string_view word_of(Level level) {
  switch (level) {
    case Level::ok:
      return "ok";
    case Level::note:
      return "note";
    case Level::warning:
      return "warning";
    case Level::error:
    case Level::unreachable:
      return "error";
  }
  return "error";
}

}  // namespace sluice::inspect
