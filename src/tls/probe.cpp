#include "tls/probe.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <exception>
#include <memory>

#include "bson/destroyer.hpp"
#include "tls/certificate.hpp"

namespace sluice::tls {

namespace {

using Clock = std::chrono::steady_clock;
using Addresses = std::unique_ptr<addrinfo, Destroyer<freeaddrinfo>>;
using Context = std::unique_ptr<SSL_CTX, Destroyer<SSL_CTX_free>>;
using Session = std::unique_ptr<SSL, Destroyer<SSL_free>>;

constexpr std::chrono::seconds time_limit{1};
constexpr std::size_t most_greeting_bytes = 64 << 10;
constexpr std::size_t chunk_bytes = 4096;

Addresses addresses_of(const std::string& host, int port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found) != 0) return nullptr;
  return Addresses(found);
}

bool is_address(const std::string& host) {
  std::array<unsigned char, sizeof(in6_addr)> ignored{};
  return inet_pton(AF_INET, host.c_str(), ignored.data()) == 1 ||
         inet_pton(AF_INET6, host.c_str(), ignored.data()) == 1;
}

/// A socket whose calls never block beyond a deadline.
class Peer {
 public:
  explicit Peer(Clock::time_point deadline) : deadline_(deadline) {}
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;
  ~Peer() { close(); }

  bool connect(const addrinfo* addresses) {
    for (const addrinfo* one = addresses; one != nullptr; one = one->ai_next) {
      close();
      fd_ = ::socket(one->ai_family, one->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, one->ai_protocol);
      if (fd_ < 0) continue;
      if (::connect(fd_, one->ai_addr, one->ai_addrlen) == 0) return true;
      if (errno == EINPROGRESS && becomes(POLLOUT) && is_connected()) return true;
    }
    return false;
  }

  bool send(const char* data, std::size_t size) {
    while (size > 0) {
      const ssize_t sent = ::send(fd_, data, size, MSG_NOSIGNAL);
      if (sent < 0 && (errno != EAGAIN || !becomes(POLLOUT))) return false;
      if (sent < 0) continue;
      data += sent;
      size -= static_cast<std::size_t>(sent);
    }
    return true;
  }

  /// 0 at the end of the data, at the deadline and after an error.
  std::size_t receive(char* into, std::size_t size) {
    while (becomes(POLLIN)) {
      const ssize_t got = ::recv(fd_, into, size, 0);
      if (got >= 0) return static_cast<std::size_t>(got);
      if (errno != EAGAIN) return 0;
    }
    return 0;
  }

 private:
  bool becomes(short what) const {
    using std::chrono::milliseconds;
    while (true) {
      const auto left = std::chrono::duration_cast<milliseconds>(deadline_ - Clock::now()).count();
      pollfd one{fd_, what, 0};
      const int found = left <= 0 ? 0 : ::poll(&one, 1, static_cast<int>(left));
      if (found >= 0 || errno != EINTR) return found > 0;
    }
  }
  bool is_connected() const {
    int error = 0;
    socklen_t size = sizeof error;
    return ::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0;
  }
  void close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

  Clock::time_point deadline_;
  int fd_ = -1;
};

/// Reads to the end of a line. The server sends nothing of TLS before it has our hello, so nothing of TLS is
/// read here.
bool skip_line(Peer& peer) {
  std::array<char, chunk_bytes> chunk{};
  for (std::size_t read = 0; read < most_greeting_bytes;) {
    const std::size_t got = peer.receive(chunk.data(), chunk.size());
    if (got == 0) return false;
    if (std::find(chunk.data(), chunk.data() + got, '\n') != chunk.data() + got) return true;
    read += got;
  }
  return false;
}

/// What the probe learns from the server's certificate.
struct Look {
  const std::string& host;
  bool seen = false;
  std::string others = {};  ///< the names that it is for; empty if it is for `host`
};

/// OpenSSL's callback that verifies a certificate. Always returns 0 (refused): the handshake need not
/// continue once the certificate was seen.
int take_certificate(X509_STORE_CTX* chain, void* argument) noexcept {
  auto& look = *static_cast<Look*>(argument);
  look.seen = true;
  X509* certificate = X509_STORE_CTX_get0_cert(chain);
  try {
    if (certificate != nullptr && !is_for(certificate, look.host)) look.others = names_of(certificate);
  } catch (const std::exception&) {
    look.others.clear();  // out of memory: the client library's own message is used
  }
  return 0;
}

void shake_hands(Peer& peer, SSL* ssl, BIO* in, BIO* out, const Look& look) {
  std::array<char, chunk_bytes> chunk{};
  while (true) {
    const int verdict = SSL_connect(ssl);
    if (look.seen) return;
    for (int size = 0; (size = BIO_read(out, chunk.data(), chunk.size())) > 0;) {
      if (!peer.send(chunk.data(), static_cast<std::size_t>(size))) return;
    }
    if (verdict == 1 || SSL_get_error(ssl, verdict) != SSL_ERROR_WANT_READ) return;
    const std::size_t got = peer.receive(chunk.data(), chunk.size());
    if (got == 0 || BIO_write(in, chunk.data(), static_cast<int>(got)) <= 0) return;
  }
}

void look_at_certificate(Peer& peer, Look& look) {
  const Context context(SSL_CTX_new(TLS_client_method()));
  if (!context) return;
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_cert_verify_callback(context.get(), take_certificate, &look);
  const Session session(SSL_new(context.get()));
  BIO* in = BIO_new(BIO_s_mem());
  BIO* out = BIO_new(BIO_s_mem());
  if (!session || in == nullptr || out == nullptr) {
    BIO_free(in);
    BIO_free(out);
    return;
  }
  SSL_set_bio(session.get(), in, out);  // the session owns them now
  if (!is_address(look.host)) SSL_set_tlsext_host_name(session.get(), look.host.c_str());
  shake_hands(peer, session.get(), in, out, look);
}

}  // namespace

std::string certificate_for_others(const std::string& host, int port, Greeting greeting) {
  const Addresses addresses = addresses_of(host, port);
  Peer peer(Clock::now() + time_limit);
  if (!addresses || !peer.connect(addresses.get())) return {};
  if (greeting == Greeting::line && !skip_line(peer)) return {};
  Look look{.host = host};
  look_at_certificate(peer, look);
  if (look.others.empty()) return {};
  return "the certificate of " + host + ":" + std::to_string(port) + ": " + wrong_name(look.others, host);
}

}  // namespace sluice::tls
