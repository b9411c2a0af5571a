#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "flow/time.hpp"
#include "sinks/webhook/asio.hpp"

namespace sluice::sinks::webhook {

/// A connection, with or without TLS, and the time until which it may wait for its peer. No operation may be
/// pending when it is destroyed. A timer handler that is still queued then does nothing.
class Wire {
 public:
  explicit Wire(asio::io_context& io) : link_(std::make_shared<Link>(io)), deadline_(io) {}

  /// At `time` the connection is closed, and pending operations fail. Replaces the previous time; Time::max()
  /// means no limit.
  void wait_until(flow::Time time);
  bool timed_out() const { return link_->timed_out; }

  asio::awaitable<error_code> connect(tcp::endpoint peer);
  /// Does the TLS handshake; the peer's certificate must be for `host`. On failure `why` may have details.
  asio::awaitable<error_code> shake_hands(asio::ssl::context& context, const std::string& host,
                                          std::string& why);
  asio::awaitable<error_code> write(std::string_view text);
  asio::awaitable<error_code> read(asio::mutable_buffer into, std::size_t& size);

  bool is_open() const { return link_->socket.is_open(); }
  void close() { link_->close(); }

 private:
  /// State for the timer's handler, which holds a weak pointer to it: a handler that is queued when the timer
  /// is cancelled still runs, and may outlive the wire.
  struct Link {
    explicit Link(asio::io_context& io) : socket(io) {}
    void close();

    tcp::socket socket;
    std::uint64_t waits = 0;  ///< how often a time was set
    bool timed_out = false;
  };

  std::shared_ptr<Link> link_;
  std::optional<asio::ssl::stream<tcp::socket&>> tls_;
  asio::steady_timer deadline_;
};

}  // namespace sluice::sinks::webhook
