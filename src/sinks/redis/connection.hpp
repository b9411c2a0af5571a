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

/// The result of commands that were sent together.
struct Exchanged {
  std::size_t answered = 0;           ///< number of commands answered, counted from the first
  std::vector<Refused> refused = {};  ///< in the order of the commands
  /// The connection broke and cannot be used any more. The commands without an answer may have been executed.
  std::optional<Error> broken = {};
  bool closed = false;  ///< with broken: not a time-out; the server may have closed an idle connection
};

/// A connection to a Redis server, logged in. Blocks; for one thread at a time. Does not reconnect: open a
/// new connection when it breaks.
class Connection {
 public:
  /// Connects and logs in. Reads the password's file each time, so a new connection uses a new password. The
  /// error is ErrorKind::fatal if waiting does not help, for example if the file cannot be read.
  static std::variant<std::unique_ptr<Connection>, Error> open(const RedisConfig& config);

  /// Appends a command to those that exchange() will send.
  void append(Words words);
  void append(std::initializer_list<std::string_view> words) { append(Words(words.begin(), words.size())); }

  /// Sends all appended commands, then reads all the answers.
  Exchanged exchange();

  /// Ends calls that wait for the server, as if the server had closed the connection, which cannot be used
  /// any more. The only function that other threads may call.
  void interrupt();

  /// Sends one command and returns its answer (a string, number or status) as text. No other command may be
  /// appended.
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

/// Connects, logs in, and checks that the server answers and that the user may write. Returns nullopt if so.
/// Changes nothing.
std::optional<Error> ping(const RedisConfig& config);

}  // namespace sluice::sinks::redis
