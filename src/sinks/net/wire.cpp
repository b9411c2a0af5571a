#include "sinks/net/wire.hpp"

#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <memory>

#include "tls/certificate.hpp"

namespace sluice::sinks::net {

void Wire::wait_until(flow::Time time) {
  link_->timed_out = false;
  const std::uint64_t number = ++link_->waits;
  deadline_.expires_at(time);
  if (time == flow::Time::max()) return;
  deadline_.async_wait([weak = std::weak_ptr(link_), number](error_code cancelled) {
    const auto link = weak.lock();
    // A new deadline may have been set while this handler was queued.
    if (cancelled || !link || link->waits != number) return;
    link->timed_out = true;
    link->close();
  });
}

void Wire::Link::close() {
  error_code ignored;
  socket.close(ignored);
}

asio::awaitable<error_code> Wire::connect(tcp::endpoint peer) {
  error_code error;
  tls_.reset();
  close();
  co_await link_->socket.async_connect(peer, asio::redirect_error(asio::use_awaitable, error));
  error_code ignored;
  if (!error) link_->socket.set_option(tcp::no_delay(true), ignored);
  if (error) close();
  co_return error;
}

asio::awaitable<error_code> Wire::shake_hands(asio::ssl::context& context, const std::string& host,
                                              std::string& why) {
  tls_.emplace(link_->socket, context);
  SSL* ssl = tls_->native_handle();
  error_code not_a_name;
  asio::ip::make_address(host, not_a_name);
  if (not_a_name) SSL_set_tlsext_host_name(ssl, host.c_str());
  tls_->set_verify_mode(asio::ssl::verify_peer);
  // Shared with the callback, which lives as long as the connection.
  const auto names = std::make_shared<std::string>();
  tls_->set_verify_callback([names, matches = asio::ssl::host_name_verification(host)](
                                bool trusted, asio::ssl::verify_context& chain) {
    const bool good = matches(trusted, chain);
    if (trusted && !good) *names = tls::names_of(X509_STORE_CTX_get_current_cert(chain.native_handle()));
    return good;
  });
  error_code error;
  co_await tls_->async_handshake(asio::ssl::stream_base::client,
                                 asio::redirect_error(asio::use_awaitable, error));
  if (!error) co_return error;
  if (!names->empty()) {
    why = "certificate verify failed: " + tls::wrong_name(*names, host);
  } else if (const long verdict = SSL_get_verify_result(ssl); verdict != X509_V_OK) {
    why = X509_verify_cert_error_string(verdict);
  }
  close();
  co_return error;
}

asio::awaitable<error_code> Wire::write(std::string_view text, std::string_view more) {
  error_code error;
  const std::array both = {asio::const_buffer(text.data(), text.size()),
                           asio::const_buffer(more.data(), more.size())};
  if (tls_) {
    co_await asio::async_write(*tls_, both, asio::redirect_error(asio::use_awaitable, error));
  } else {
    co_await asio::async_write(link_->socket, both, asio::redirect_error(asio::use_awaitable, error));
  }
  co_return error;
}

asio::awaitable<error_code> Wire::read(asio::mutable_buffer into, std::size_t& size) {
  error_code error;
  if (tls_) {
    size = co_await tls_->async_read_some(into, asio::redirect_error(asio::use_awaitable, error));
  } else {
    size = co_await link_->socket.async_read_some(into, asio::redirect_error(asio::use_awaitable, error));
  }
  co_return error;
}

}  // namespace sluice::sinks::net
