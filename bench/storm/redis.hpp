#pragma once

#include <hiredis/hiredis.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "mongo.hpp"
#include "process.hpp"

namespace storm {

/// A redis-server on a free port of loopback, without persistence.
class RedisServer {
 public:
  /// `program`: its path; if empty, it is looked for in PATH. Its log is written below `parent`.
  RedisServer(const std::string& program, const std::string& parent);

  int port() const { return port_; }
  std::string url() const { return "redis://127.0.0.1:" + std::to_string(port_); }
  Usage usage() const { return process_->usage(); }

 private:
  TemporaryDirectory directory_;
  int port_;
  std::unique_ptr<Process> process_;
};

using RedisCommand = std::vector<std::string>;

/// A connection. Errors of hiredis and of the server are thrown as std::runtime_error.
class RedisClient {
 public:
  explicit RedisClient(const RedisServer& server);

  /// The reply, a string or number, as text; empty if it is nil.
  std::string ask(const RedisCommand& command) const;
  /// The number of keys.
  std::int64_t keys() const { return std::stoll(ask({"DBSIZE"})); }
  std::string version() const;

  /// Sends the commands in groups of `window`, and reads the replies after each group. Returns the seconds.
  double pipelined(const std::vector<RedisCommand>& commands, std::size_t window) const;

 private:
  void append(const RedisCommand& command) const;
  std::string answer() const;

  std::unique_ptr<redisContext, Freed<redisFree>> context_;
};

}  // namespace storm
