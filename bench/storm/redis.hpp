#pragma once

#include <hiredis/hiredis.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "mongo.hpp"
#include "process.hpp"

namespace storm {

/// A redis-server on a free port of loopback that writes nothing to disk.
class RedisServer {
 public:
  /// `program` is its path; empty: found in PATH. Its log is kept below `parent`.
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

/// A connection. Throws what hiredis or the server says.
class RedisClient {
 public:
  explicit RedisClient(const RedisServer& server);

  /// The answer's text, or number as text; empty where it is nil.
  std::string ask(const RedisCommand& command) const;
  /// How many keys there are.
  std::int64_t keys() const { return std::stoll(ask({"DBSIZE"})); }
  std::string version() const;

  /// `window` commands one behind the other, then their answers, and so on. Returns the seconds that took.
  double pipelined(const std::vector<RedisCommand>& commands, std::size_t window) const;

 private:
  void append(const RedisCommand& command) const;
  std::string answer() const;

  std::unique_ptr<redisContext, Freed<redisFree>> context_;
};

}  // namespace storm
