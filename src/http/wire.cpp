#include "http/wire.hpp"

#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/write.hpp>

namespace sluice::http {

void Wire::wait_until(flow::Time time) {
  timed_out_ = false;
  deadline_.expires_at(time);
  if (time == flow::Time::max()) return;
  deadline_.async_wait([this](error_code cancelled) {
    // It may have been set anew while this call was already on its way.
    if (cancelled || flow::Clock::now() < deadline_.expiry()) return;
    timed_out_ = true;
    close();
  });
}

void Wire::close() {
  error_code ignored;
  socket_.close(ignored);
}

asio::awaitable<error_code> Wire::connect(tcp::endpoint peer) {
  error_code error;
  tls_.reset();
  close();
  co_await socket_.async_connect(peer, asio::redirect_error(asio::use_awaitable, error));
  error_code ignored;
  if (!error) socket_.set_option(tcp::no_delay(true), ignored);
  if (error) close();
  co_return error;
}

asio::awaitable<error_code> Wire::shake_hands(asio::ssl::context& context, const std::string& host,
                                              std::string& why) {
  tls_.emplace(socket_, context);
  SSL* ssl = tls_->native_handle();
  error_code not_a_name;
  asio::ip::make_address(host, not_a_name);
  if (not_a_name) SSL_set_tlsext_host_name(ssl, host.c_str());
  tls_->set_verify_mode(asio::ssl::verify_peer);
  tls_->set_verify_callback(asio::ssl::host_name_verification(host));
  error_code error;
  co_await tls_->async_handshake(asio::ssl::stream_base::client,
                                 asio::redirect_error(asio::use_awaitable, error));
  if (!error) co_return error;
  if (const long verdict = SSL_get_verify_result(ssl); verdict != X509_V_OK) {
    why = X509_verify_cert_error_string(verdict);
  }
  close();
  co_return error;
}

asio::awaitable<error_code> Wire::write(std::string_view text) {
  error_code error;
  const asio::const_buffer all(text.data(), text.size());
  if (tls_) {
    co_await asio::async_write(*tls_, all, asio::redirect_error(asio::use_awaitable, error));
  } else {
    co_await asio::async_write(socket_, all, asio::redirect_error(asio::use_awaitable, error));
  }
  co_return error;
}

asio::awaitable<error_code> Wire::read(asio::mutable_buffer into, std::size_t& size) {
  error_code error;
  if (tls_) {
    size = co_await tls_->async_read_some(into, asio::redirect_error(asio::use_awaitable, error));
  } else {
    size = co_await socket_.async_read_some(into, asio::redirect_error(asio::use_awaitable, error));
  }
  co_return error;
}

}  // namespace sluice::http
