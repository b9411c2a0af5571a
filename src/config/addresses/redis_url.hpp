#pragma once

#include <string>
#include <string_view>

namespace sluice::config {

/// What `redis://user:password@host:port/database` says.
struct RedisPlace {
  std::string host;
  int port = 6379;
  std::string user;      ///< "": the server's default user
  std::string password;  ///< "": none is stated
  int database = 0;
};

/// Why it is no URL of Redis that we can use; "" when it is one.
std::string why_no_redis_url(std::string_view url);

/// Of a URL that can be used. User and password are taken out of their percent-encoding.
RedisPlace redis_place(std::string_view url);

}  // namespace sluice::config
