#include "http/wire.hpp"

#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/write.hpp>

#include <openssl/x509v3.h>

#include <algorithm>
#include <memory>

#include "bson/destroyer.hpp"

namespace sluice::http {

namespace {

using AlternativeNames = std::unique_ptr<GENERAL_NAMES, Destroyer<GENERAL_NAMES_free>>;

std::string text_of(const ASN1_STRING* text) {
  const auto* data = reinterpret_cast<const char*>(ASN1_STRING_get0_data(text));  // NOLINT: OpenSSL's bytes
  return {data, static_cast<std::size_t>(ASN1_STRING_length(text))};
}

std::string address_of(const ASN1_STRING* bytes) {
  const unsigned char* data = ASN1_STRING_get0_data(bytes);
  if (ASN1_STRING_length(bytes) == 4) {
    asio::ip::address_v4::bytes_type four{};
    std::copy_n(data, four.size(), four.begin());
    return asio::ip::make_address_v4(four).to_string();
  }
  asio::ip::address_v6::bytes_type sixteen{};
  if (ASN1_STRING_length(bytes) != 16) return "?";
  std::copy_n(data, sixteen.size(), sixteen.begin());
  return asio::ip::make_address_v6(sixteen).to_string();
}

/// The hosts that a certificate is for, with commas between them.
std::string names_of(X509* certificate) {
  std::string all;
  const auto add = [&](const std::string& name) { all += (all.empty() ? "" : ", ") + name; };
  const AlternativeNames names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type == GEN_DNS) add(text_of(name->d.dNSName));
    if (name->type == GEN_IPADD) add(address_of(name->d.iPAddress));
  }
  if (!all.empty()) return all;
  const X509_NAME* subject = X509_get_subject_name(certificate);
  const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  return at < 0 ? "no host" : text_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
}

}  // namespace

void Wire::wait_until(flow::Time time) {
  link_->timed_out = false;
  const std::uint64_t number = ++link_->waits;
  deadline_.expires_at(time);
  if (time == flow::Time::max()) return;
  deadline_.async_wait([weak = std::weak_ptr(link_), number](error_code cancelled) {
    const auto link = weak.lock();
    // The time may have been set anew while this call was already on its way.
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
  // Shared, since the callback lives as long as the connection.
  const auto names = std::make_shared<std::string>();
  tls_->set_verify_callback([names, matches = asio::ssl::host_name_verification(host)](
                                bool trusted, asio::ssl::verify_context& chain) {
    const bool good = matches(trusted, chain);
    if (trusted && !good) *names = names_of(X509_STORE_CTX_get_current_cert(chain.native_handle()));
    return good;
  });
  error_code error;
  co_await tls_->async_handshake(asio::ssl::stream_base::client,
                                 asio::redirect_error(asio::use_awaitable, error));
  if (!error) co_return error;
  if (!names->empty()) {
    why = "certificate verify failed: it is for " + *names + ", and " + host + " is wanted";
  } else if (const long verdict = SSL_get_verify_result(ssl); verdict != X509_V_OK) {
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
    co_await asio::async_write(link_->socket, all, asio::redirect_error(asio::use_awaitable, error));
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

}  // namespace sluice::http
