#pragma once

#include <utility>  // Boost 1.74's awaitable.hpp uses std::exchange without including it

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::observe {

/// Where an HTTP server listens.
struct HttpAddress {
  std::string host;
  std::string port;
};

/// Parses `http://host:port/`, `host:port` or `host`; an IPv6 address must be in brackets. Absent for any
/// other text.
std::optional<HttpAddress> parse_http_address(std::string_view text, std::string_view default_port);

struct HttpAnswer {
  unsigned status = 0;  ///< 0 if there was no answer
  std::string body;
  std::string error;  ///< why there was no answer
};

/// Sends one GET on a new connection. Never throws. `patience` limits each of connecting, sending and
/// receiving, so these take at most three times as long; resolving the host name has no limit.
boost::asio::awaitable<HttpAnswer> http_get(const HttpAddress& address, const std::string& target,
                                            std::chrono::milliseconds patience);

}  // namespace sluice::observe
