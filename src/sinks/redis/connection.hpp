#pragma once

#include <cstddef>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sinks/redis/raii.hpp"
#include "sluice/config.hpp"
#include "sluice/error.hpp"

namespace sluice::sinks::redis {

using Words = std::span<const std::string_view>;

/// A command that the server refused: its index among those sent together, and the error.
struct Refused {
  std::size_t index;
  Error error;
};

/// The results of commands that were sent together.
struct Exchanged {
  std::size_t answered = 0;           ///< how many commands, from the first on, were answered
  std::vector<Refused> refused = {};  ///< in their order
  /// Set if the connection broke. Whether the unanswered commands were carried out is unknown, and the
  /// connection cannot be used any more.
  std::optional<Error> broken = {};
  bool closed =
      false;  ///< with broken: the server closed it, as it does with connections that were idle for long
};

/// A connection to a Redis server, logged in. Blocks; used by one thread at a time. It does not reconnect:
/// open a new one instead.
class Connection {
 public:
  /// Reads the password's file each time, so a new connection uses the current password. The error is
  /// ErrorKind::fatal if retrying does not help, for example if a file cannot be read.
  static std::variant<std::unique_ptr<Connection>, Error> open(const RedisConfig& config);

  /// Appends a command to those that will be sent next.
  void append(Words words);
  void append(std::initializer_list<std::string_view> words) { append(Words(words.begin(), words.size())); }

  /// Sends all appended commands and then reads all answers.
  Exchanged exchange();

  /// Ends all waiting as if the server had closed the connection, which then cannot be used any more. The
  /// only function that other threads may call.
  void interrupt();

  /// Runs one command, with nothing else appended. Returns its text, number or status as text.
  std::variant<std::string, Error> ask(std::initializer_list<std::string_view> words);

 private:
  Connection(Context context, const RedisConfig& config);

  std::optional<Error> log_in(const RedisConfig& config);
  bool send();
  Reply receive();
  bool timed_out() const;
  void breaks(Exchanged& done) const;
  Error refused(const redisReply& reply) const;
  Error broken() const;

  Context context_;
  const std::string where_;
  const int timeout_ms_;
  std::size_t waiting_ = 0;
  std::vector<const char*> texts_;
  std::vector<std::size_t> sizes_;
};

/// Connects, logs in, and checks that the server is healthy and lets this user write. Returns nothing if all
/// is well. Changes nothing.
std::optional<Error> ping(const RedisConfig& config);

}  // namespace sluice::sinks::redis
