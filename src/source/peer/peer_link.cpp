#include "source/peer/peer_link.hpp"

#include <openssl/rand.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <utility>

#include "sluice/error.hpp"
#include "source/peer/asio.hpp"
#include "text/hex.hpp"

namespace sluice::source {

namespace {

constexpr const char* psk_identity = "sluice";
constexpr std::size_t length_bytes = 4;  ///< of a BSON document's own length
constexpr int smallest_document = 5;

/// Where a connection of OpenSSL keeps the secret for the callbacks.
int secret_index() {
  static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

unsigned int copy_secret(const SSL* ssl, unsigned char* out, unsigned int most) {
  const auto* secret = static_cast<const std::string*>(SSL_get_ex_data(ssl, secret_index()));
  if (secret == nullptr || secret->empty() || secret->size() > most) return 0;
  std::memcpy(out, secret->data(), secret->size());
  return static_cast<unsigned int>(secret->size());
}

unsigned int secret_of_client(SSL* ssl, const char*, char* identity, unsigned int most_identity,
                              unsigned char* secret, unsigned int most) {
  if (std::strlen(psk_identity) >= most_identity) return 0;
  std::strcpy(identity, psk_identity);
  return copy_secret(ssl, secret, most);
}

unsigned int secret_of_server(SSL* ssl, const char* identity, unsigned char* secret, unsigned int most) {
  if (std::strcmp(identity, psk_identity) != 0) return 0;
  return copy_secret(ssl, secret, most);
}

/// A pre-shared key counts as a session that is resumed. A server that shows a certificate instead does not
/// know the secret, and no certificate is trusted.
asio::ssl::context make_context() {
  asio::ssl::context context(asio::ssl::context::tls);
  SSL_CTX* native = context.native_handle();
  SSL_CTX_set_min_proto_version(native, TLS1_3_VERSION);
  SSL_CTX_set_ciphersuites(native, "TLS_AES_128_GCM_SHA256");
  SSL_CTX_set_num_tickets(native, 0);
  SSL_CTX_set_psk_client_callback(native, secret_of_client);
  SSL_CTX_set_psk_server_callback(native, secret_of_server);
  return context;
}

std::string text_of(const error_code& error) {
  if (error == asio::error::eof || error == asio::ssl::error::stream_truncated ||
      error == asio::error::connection_reset)
    return "the connection was closed";
  return error.message();
}

}  // namespace

struct PeerLink::Wire {
  asio::io_context io{1};
  asio::ssl::context context = make_context();
  std::string secret;
  asio::ssl::stream<tcp::socket> stream{io, context};

  void close() {
    error_code ignored;
    stream.lowest_layer().close(ignored);
  }

  /// Starts an operation, and waits until it has ended. `start` is given the handler.
  template <typename Start>
  std::string run(flow::Duration most, const std::stop_token& stop, const Start& start) {
    const flow::Time until = flow::Clock::now() + most;
    error_code result;
    bool done = false;
    start([&](const error_code& error, auto&&...) {
      result = error;
      done = true;
    });
    io.restart();
    bool late = false;
    {
      const std::stop_callback wake(stop, [this] { io.stop(); });
      while (!done && !late && !stop.stop_requested()) {
        io.run_until(until);
        if (io.stopped() && !done) io.restart();
        late = flow::Clock::now() >= until;
      }
    }
    if (done && !result) return "";
    const bool in_time = done;
    close();
    io.restart();
    io.run();  // the operation's end, which refers to this function's variables
    if (in_time) return text_of(result);
    return late ? "it did not answer in time" : "this instance is stopping";
  }

  std::string shake_hands(asio::ssl::stream_base::handshake_type as, flow::Duration most,
                          const std::stop_token& stop) {
    error_code ignored;
    stream.lowest_layer().set_option(tcp::no_delay(true), ignored);
    stream.lowest_layer().set_option(asio::socket_base::keep_alive(true), ignored);
    SSL_set_ex_data(stream.native_handle(), secret_index(), &secret);
    if (as == asio::ssl::stream_base::client)
      SSL_set_verify(stream.native_handle(), SSL_VERIFY_PEER, nullptr);
    std::string why = run(most, stop, [&](auto handler) { stream.async_handshake(as, handler); });
    if (!why.empty()) return "the TLS handshake failed: " + why;
    if (SSL_session_reused(stream.native_handle()) == 1) return "";
    close();
    return "it does not know the secret";
  }
};

std::string new_secret() {
  std::array<std::uint8_t, 32> bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1)
    throw Stop(exit_code::cannot_start, "no random numbers for the secret of the cluster's connections");
  std::string digits;
  text::append_hex(digits, bytes.data(), bytes.size());
  return digits;
}

PeerLink::PeerLink() = default;
PeerLink::~PeerLink() = default;

std::string PeerLink::connect(const std::string& host, int port, const std::string& secret,
                              flow::Duration most, const std::stop_token& stop) {
  wire_ = std::make_unique<Wire>();
  wire_->secret = secret;
  tcp::resolver resolver(wire_->io);
  tcp::resolver::results_type found;
  std::string why = wire_->run(most, stop, [&](auto handler) {
    resolver.async_resolve(host, std::to_string(port), [&found, handler](const error_code& error, auto all) {
      found = std::move(all);
      handler(error);
    });
  });
  if (!why.empty()) return "the name " + host + " was not resolved: " + why;
  why = wire_->run(most, {},
                   [&](auto handler) { asio::async_connect(wire_->stream.lowest_layer(), found, handler); });
  if (!why.empty()) return why;
  return wire_->shake_hands(asio::ssl::stream_base::client, most, stop);
}

std::string PeerLink::accept(int socket, const std::string& secret, flow::Duration most,
                             const std::stop_token& stop) {
  wire_ = std::make_unique<Wire>();
  wire_->secret = secret;
  error_code error;
  wire_->stream.lowest_layer().assign(tcp::v4(), socket, error);
  if (error) {
    ::close(socket);
    return error.message();
  }
  return wire_->shake_hands(asio::ssl::stream_base::server, most, stop);
}

std::string PeerLink::send(std::span<const std::uint8_t> bytes, flow::Duration most,
                           const std::stop_token& stop) {
  return wire_->run(most, stop, [&](auto handler) {
    asio::async_write(wire_->stream, asio::buffer(bytes.data(), bytes.size()), handler);
  });
}

std::string PeerLink::receive(std::vector<std::uint8_t>& bytes, flow::Duration most,
                              const std::stop_token& stop) {
  bytes.clear();
  if (std::string why = receive_more(bytes, length_bytes, most, stop); !why.empty()) return why;
  std::int32_t size = 0;
  std::memcpy(&size, bytes.data(), sizeof size);
  if (size < smallest_document || static_cast<std::size_t>(size) > most_bytes)
    return "it sent what is no message";
  return receive_more(bytes, static_cast<std::size_t>(size) - length_bytes, most, stop);
}

std::string PeerLink::receive_more(std::vector<std::uint8_t>& bytes, std::size_t count, flow::Duration most,
                                   const std::stop_token& stop) {
  if (count == 0) return "";
  const std::size_t before = bytes.size();
  bytes.resize(before + count);
  return wire_->run(most, stop, [&](auto handler) {
    asio::async_read(wire_->stream, asio::buffer(bytes.data() + before, count), handler);
  });
}

}  // namespace sluice::source
