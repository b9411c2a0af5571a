#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "flow/time.hpp"
#include "sinks/net/asio.hpp"

namespace sluice::sinks::net {

/// One connection, with or without TLS, and the deadline of its operations. No operation may be under way
/// when it is destroyed. The deadline's handler may still be queued then; it does nothing.
class Wire {
 public:
  explicit Wire(asio::io_context& io) : link_(std::make_shared<Link>(io)), deadline_(io) {}

  /// Sets the deadline: when `time` is reached, the connection is closed and its operations fail. Replaces
  /// the last deadline. Time::max() means none.
  void wait_until(flow::Time time);
  bool timed_out() const { return link_->timed_out; }

  asio::awaitable<error_code> connect(tcp::endpoint peer);
  /// Performs the TLS handshake. The peer's certificate must be valid for `host`. On failure, `why` may
  /// receive details.
  asio::awaitable<error_code> shake_hands(asio::ssl::context& context, const std::string& host,
                                          std::string& why);
  /// Writes `text` and, behind it, `more`.
  asio::awaitable<error_code> write(std::string_view text, std::string_view more = {});
  asio::awaitable<error_code> read(asio::mutable_buffer into, std::size_t& size);

  bool is_open() const { return link_->socket.is_open(); }
  void close() { link_->close(); }

 private:
  /// What the timer's handler uses, through a weak pointer: a handler that is already queued when the timer
  /// is cancelled still runs, and may outlive the wire.
  struct Link {
    explicit Link(asio::io_context& io) : socket(io) {}
    void close();

    tcp::socket socket;
    std::uint64_t waits = 0;  ///< number of deadlines set so far
    bool timed_out = false;
  };

  std::shared_ptr<Link> link_;
  std::optional<asio::ssl::stream<tcp::socket&>> tls_;
  asio::steady_timer deadline_;
};

}  // namespace sluice::sinks::net
