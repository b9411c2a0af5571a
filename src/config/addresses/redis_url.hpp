#pragma once

#include <string>
#include <string_view>

namespace sluice::config {

/// The parts of `redis://user:password@host:port/database`.
struct RedisPlace {
  std::string host;
  int port = 6379;
  std::string user;      ///< "": the server's default user
  std::string password;  ///< "": none
  int database = 0;
};

/// Why `url` is not a supported Redis URL, or "".
std::string why_no_redis_url(std::string_view url);

/// The parts of a supported URL. User and password are percent-decoded.
RedisPlace redis_place(std::string_view url);

}  // namespace sluice::config
