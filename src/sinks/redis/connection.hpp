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

/// A command that the server refused: which of those that were sent together, and why.
struct Refused {
  std::size_t index;
  Error error;
};

/// How commands that were sent together ended.
struct Exchanged {
  std::size_t answered = 0;           ///< the first so many have their answers
  std::vector<Refused> refused = {};  ///< in their order
  /// The rest may have been done or not, and the connection is of no more use.
  std::optional<Error> broken = {};
  bool closed = false;  ///< with broken: by the server, as it does with those that were idle for long
};

/// A connection to a Redis server, logged in. Blocks; for one thread at a time. It does not come back by
/// itself when it breaks: open another.
class Connection {
 public:
  /// The password's file is read here, so that a new connection is made with a new one. The error is
  /// ErrorKind::fatal where waiting mends nothing, such as a file that cannot be read.
  static std::variant<std::unique_ptr<Connection>, Error> open(const RedisConfig& config);

  /// Puts a command behind those that were not sent yet.
  void append(Words words);
  void append(std::initializer_list<std::string_view> words) { append(Words(words.begin(), words.size())); }

  /// Sends all that was appended, and then reads all the answers.
  Exchanged exchange();

  /// Ends whatever waits for the server, as if the server had closed the connection, which is of no more use.
  /// The one call that other threads may make.
  void interrupt();

  /// One command, with nothing else appended: its text, number or status, as text.
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

/// Connects, logs in and asks whether the server is well and lets this user write. Nothing when it does.
/// Changes nothing.
std::optional<Error> ping(const RedisConfig& config);

}  // namespace sluice::sinks::redis
