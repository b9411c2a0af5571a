#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace sluice {

/// What has to be done about an error, whichever server it came from.
enum class ErrorKind : std::uint8_t {
  transient,    ///< network, no primary, write conflict, time-out: retry
  too_slow,     ///< the statement took too long or was too large: retry with less at a time
  own_fault,    ///< this write can never succeed (validation, wrong type, duplicate key): dead letter
  fenced,       ///< another process holds the lease: stop
  lost,         ///< the resume position is gone, foreign or invalid: the operator has to decide
  cursor_gone,  ///< the change stream's cursor died: open it again from the last position
  too_large,    ///< an event is too large for the server to send: request less of it
  denied,       ///< log-in or rights, which may be corrected later: retry, and report it
  unavailable,  ///< a sink's server is unreachable, full or not ready: retry, and report it
  fatal,        ///< credentials, or a command that the server does not know: stop, and report it
};

/// The kind's name in metrics and logs, such as "transient".
std::string_view name_of(ErrorKind kind);

/// An error from a server or from the driver.
struct Error {
  ErrorKind kind = ErrorKind::fatal;
  std::int32_t code = 0;  ///< the server's code, or the driver's
  std::string message;
  bool unknown_commit = false;  ///< it is not known whether the transaction was committed
  bool network = false;         ///< a network error: the server may still be carrying out the command
  std::string advice = {};      ///< what the operator should check, if the message does not say so

  /// The message with its code and advice, if there are any, for people.
  std::string text() const {
    std::string text = code == 0 ? message : message + " (code " + std::to_string(code) + ")";
    return advice.empty() ? text : text + "; " + advice;
  }
};

/// Thrown for an error that prevents a start or ends a worker. what() is a sentence for the operator.
class Stop : public std::runtime_error {
 public:
  Stop(int exit_code, const std::string& what) : std::runtime_error(what), exit_code_(exit_code) {}
  int exit_code() const { return exit_code_; }

 private:
  int exit_code_;
};

/// What the program's commands and run_worker() return.
namespace exit_code {
inline constexpr int ok = 0;
inline constexpr int bad_configuration = 1;  ///< or a command line that cannot be used
inline constexpr int cannot_start = 2;       ///< a server cannot be reached, or refuses for good
inline constexpr int lease_lost = 3;         ///< another worker has taken over
inline constexpr int position_lost = 4;      ///< see LostPolicy
inline constexpr int incomplete = 5;         ///< some dead letters could not be retried
}  // namespace exit_code

}  // namespace sluice
