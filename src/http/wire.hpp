#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "flow/time.hpp"
#include "http/asio.hpp"

namespace sluice::http {

/// One connection, with TLS or without, and the time until which it may wait for its peer.
class Wire {
 public:
  explicit Wire(asio::io_context& io) : socket_(io), deadline_(io) {}

  /// When that time has come, the connection is closed and whatever waits for it fails.
  void wait_until(flow::Time time);
  bool timed_out() const { return timed_out_; }

  asio::awaitable<error_code> connect(tcp::endpoint peer);
  /// With the peer that must be `host` according to its certificate. On failure `why` may know more.
  asio::awaitable<error_code> shake_hands(asio::ssl::context& context, const std::string& host,
                                          std::string& why);
  asio::awaitable<error_code> write(std::string_view text);
  asio::awaitable<error_code> read(asio::mutable_buffer into, std::size_t& size);

  bool is_open() const { return socket_.is_open(); }
  void close();

 private:
  tcp::socket socket_;
  std::optional<asio::ssl::stream<tcp::socket&>> tls_;
  asio::steady_timer deadline_;
  bool timed_out_ = false;
};

}  // namespace sluice::http
