#pragma once

#include <hiredis/hiredis.h>

#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "workbench/freed.hpp"

namespace workbench {

class RedisError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A connection to a redis-server on 127.0.0.1. Not thread-safe. All functions throw RedisError.
class Redis {
 public:
  explicit Redis(int port, const std::string& password = "");

  /// The reply, a string or number, as text; absent if it is nil.
  std::optional<std::string> command(const std::vector<std::string>& words);

  void set(const std::string& key, const std::string& value) { command({"SET", key, value}); }
  std::optional<std::string> get(const std::string& key) { return command({"GET", key}); }
  bool has(const std::string& key) { return command({"EXISTS", key}) == "1"; }
  /// All keys that begin with `start`, with their values, which must be strings.
  std::map<std::string, std::string> all(const std::string& start = "");

 private:
  using Context = std::unique_ptr<redisContext, Freed<redisFree>>;
  using Reply = std::unique_ptr<redisReply, Freed<freeReplyObject>>;

  Reply ask(const std::vector<std::string>& words);

  Context context_;
};

}  // namespace workbench
