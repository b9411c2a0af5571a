#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace sluice {

/// What an error asks for, whichever server or code it came from.
enum class ErrorKind : std::uint8_t {
  transient,    ///< network, no primary, write conflict, time-out: try again
  too_slow,     ///< the statement took too long or too much: try less at once
  own_fault,    ///< the write itself is impossible (validation, wrong type, duplicate key): dead letter
  fenced,       ///< another holder has the lease: stop
  lost,         ///< the position is gone, foreign or invalid: the remedy is the operator's
  cursor_gone,  ///< the change stream's cursor died: open it again from the last position
  too_large,    ///< an event is too large for the server to send: ask for less of it
  denied,       ///< log-in or rights, which may be changed while we run: try again, and say so loudly
  unavailable,  ///< a sink's server is away, full or not ready: try again, and say so loudly
  fatal,        ///< credentials, permissions, a command the server does not know: stop and say so
};

std::string_view name_of(ErrorKind kind);

struct Error {
  ErrorKind kind = ErrorKind::fatal;
  std::int32_t code = 0;  ///< the server's code, or the driver's
  std::string message;
  bool unknown_commit = false;  ///< the commit may or may not have happened
  bool network = false;         ///< the server may not know that we gave up

  std::string text() const { return message + " (code " + std::to_string(code) + ")"; }
};

/// An error at start-up or one that ends the worker, with the exit code that goes with it.
class Stop : public std::runtime_error {
 public:
  Stop(int exit_code, const std::string& what) : std::runtime_error(what), exit_code_(exit_code) {}
  int exit_code() const { return exit_code_; }

 private:
  int exit_code_;
};

namespace exit_code {
inline constexpr int ok = 0;
inline constexpr int bad_configuration = 1;
inline constexpr int cannot_start = 2;
inline constexpr int lease_lost = 3;
inline constexpr int position_lost = 4;
inline constexpr int incomplete = 5;  ///< some dead letters could not be carried out
}  // namespace exit_code

}  // namespace sluice
