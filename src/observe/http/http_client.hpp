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

/// `http://host:port/`, `host:port` or `host`; an IPv6 address in brackets. Nothing for any other text.
std::optional<HttpAddress> parse_http_address(std::string_view text, std::string_view default_port);

struct HttpAnswer {
  unsigned status = 0;  ///< 0: nobody answered
  std::string body;
  std::string error;  ///< why nobody did
};

/// One GET on a connection of its own. Never throws; `patience` bounds each step, so that all of it takes
/// three times as long at most.
boost::asio::awaitable<HttpAnswer> http_get(const HttpAddress& address, const std::string& target,
                                            std::chrono::milliseconds patience);

}  // namespace sluice::observe
