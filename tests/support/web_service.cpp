#include "support/web_service.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstring>
#include <list>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <thread>
#include <utility>

namespace sluice::test {
namespace {

using TlsContext = std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)>;

/// The bytes of one connection, with TLS or without.
class Peer {
 public:
  Peer(int socket, SSL_CTX* context) : socket_(socket), tls_(nullptr, SSL_free) {
    const int yes = 1;
    setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (context == nullptr) return;
    tls_.reset(SSL_new(context));
    SSL_set_fd(tls_.get(), socket_);
    good_ = SSL_accept(tls_.get()) == 1;
  }
  ~Peer() {
    // No TLS close_notify is sent: the peer must cope with that.
    close(socket_);
  }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  bool good() const { return good_; }
  /// False if the connection has ended.
  bool read_more(std::string& text) {
    char piece[16384];
    const auto size = tls_ ? SSL_read(tls_.get(), piece, sizeof piece)
                           : static_cast<int>(recv(socket_, piece, sizeof piece, 0));
    if (size <= 0) return false;
    text.append(piece, static_cast<std::size_t>(size));
    return true;
  }
  bool write(std::string_view text) {
    while (!text.empty()) {
      const auto size = tls_ ? SSL_write(tls_.get(), text.data(), static_cast<int>(text.size()))
                             : static_cast<int>(send(socket_, text.data(), text.size(), MSG_NOSIGNAL));
      if (size <= 0) return false;
      text.remove_prefix(static_cast<std::size_t>(size));
    }
    return true;
  }

 private:
  int socket_;
  std::unique_ptr<SSL, decltype(&SSL_free)> tls_;
  bool good_ = true;
};

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

/// Removes the request at the start of `text` and returns it; absent while it is incomplete.
std::optional<WebRequest> take_request(std::string& text) {
  const auto end = text.find("\r\n\r\n");
  if (end == std::string::npos) return std::nullopt;
  WebRequest request;
  std::string_view head = std::string_view(text).substr(0, end + 2);
  const auto line_end = head.find("\r\n");
  const std::string_view line = head.substr(0, line_end);
  const auto first = line.find(' ');
  const auto second = line.rfind(' ');
  request.method = line.substr(0, first);
  request.target = line.substr(first + 1, second - first - 1);
  head.remove_prefix(line_end + 2);
  while (!head.empty()) {
    const std::string_view field = head.substr(0, head.find("\r\n"));
    const auto colon = field.find(": ");
    request.headers[lower(std::string(field.substr(0, colon)))] = field.substr(colon + 2);
    head.remove_prefix(field.size() + 2);
  }
  const std::string length = request.header("content-length");
  const std::size_t size = length.empty() ? 0 : std::stoul(length);
  if (text.size() < end + 4 + size) return std::nullopt;
  request.body = text.substr(end + 4, size);
  text.erase(0, end + 4 + size);
  return request;
}

std::string written(const WebAnswer& answer) {
  std::string text = "HTTP/1.1 " + std::to_string(answer.status) + " Whatever\r\n" + answer.headers;
  return text + "Content-Length: " + std::to_string(answer.body.size()) + "\r\n\r\n" + answer.body;
}

[[noreturn]] void fail(const std::string& what) {
  throw std::runtime_error("the web service cannot " + what + ": " + std::strerror(errno));
}

}  // namespace

struct WebService::State {
  explicit State(const Options& stated) : options(stated), tls(nullptr, SSL_CTX_free), port(stated.port) {
    if (options.certificate.empty()) return;
    tls.reset(SSL_CTX_new(TLS_server_method()));
    const char* file = options.certificate.c_str();
    const bool usable = SSL_CTX_use_certificate_chain_file(tls.get(), file) == 1 &&
                        SSL_CTX_use_PrivateKey_file(tls.get(), file, SSL_FILETYPE_PEM) == 1;
    if (!usable) throw std::runtime_error("the web service cannot use " + options.certificate);
    if (options.client_ca.empty()) return;
    SSL_CTX_load_verify_locations(tls.get(), options.client_ca.c_str(), nullptr);
    SSL_CTX_set_verify(tls.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  }

  void start() {
    listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int yes = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (bind(listener, reinterpret_cast<const sockaddr*>(&address), size) != 0) fail("bind");
    if (listen(listener, SOMAXCONN) != 0) fail("listen");
    getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
    port = ntohs(address.sin_port);
    accepting = std::jthread([this] { accept_all(); });
  }

  void stop() {
    if (listener < 0) return;
    shutdown(listener, SHUT_RDWR);
    accepting.join();
    close(std::exchange(listener, -1));
    drop();
    std::list<std::jthread> over;
    {
      const std::lock_guard lock(mutex);
      over.swap(serving);
    }
  }

  /// Resets all connections. Requests that are still being answered get no answer.
  void drop() {
    const std::lock_guard lock(mutex);
    ++era;
    for (const int socket : sockets) {
      const linger now{1, 0};
      setsockopt(socket, SOL_SOCKET, SO_LINGER, &now, sizeof now);
      shutdown(socket, SHUT_RDWR);
    }
    changed.notify_all();
  }

  void accept_all() {
    for (;;) {
      const int socket = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
      if (socket < 0) return;
      const std::lock_guard lock(mutex);
      sockets.push_back(socket);
      serving.emplace_back([this, socket, number = accepted++, born = era] { serve(socket, number, born); });
    }
  }

  void serve(int socket, std::size_t number, std::size_t born) {
    // OpenSSL's writes to a closed socket raise SIGPIPE. It is blocked here rather than ignored, since child
    // processes would inherit that.
    sigset_t broken_pipe;
    sigemptyset(&broken_pipe);
    sigaddset(&broken_pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &broken_pipe, nullptr);
    Peer peer(socket, tls.get());
    std::string text;
    bool open = peer.good();
    while (open) {
      auto request = take_request(text);
      if (request) {
        request->connection = number;
        open = respond(peer, *request, born);
      } else {
        open = peer.read_more(text);
      }
    }
    const std::lock_guard lock(mutex);
    std::erase(sockets, socket);
  }

  /// Answers the request. Returns whether the connection stays open.
  bool respond(Peer& peer, const WebRequest& request, std::size_t born) {
    std::unique_lock lock(mutex);
    at_once = std::max(at_once, ++answering);
    const WebAnswer answer = script(request);
    const bool whole_answer =
        answer.way == WebAnswer::Way::whole || answer.way == WebAnswer::Way::then_hang_up;
    all.push_back(request);
    all.back().answered = whole_answer ? answer.status : 0;
    const auto wait = [&](std::chrono::milliseconds time) {
      return !changed.wait_for(lock, time, [&] { return era != born; });
    };
    bool open = answer.delay.count() == 0 || wait(answer.delay);
    --answering;
    if (answer.way == WebAnswer::Way::silence) {
      changed.wait(lock, [&] { return era != born; });
      open = false;
    }
    if (!open || answer.way == WebAnswer::Way::hang_up) return false;
    const std::string whole = written(answer);
    for (std::size_t i = 0; answer.way == WebAnswer::Way::drip && open; ++i) {
      // After the first line, sends a header that never ends.
      const std::string piece(1, i < whole.find("\r\n") + 2 ? whole[i] : 'x');
      lock.unlock();
      open = peer.write(piece);
      lock.lock();
      open = open && wait(std::chrono::milliseconds(20));
    }
    lock.unlock();
    return open && peer.write(whole) && answer.way != WebAnswer::Way::then_hang_up;
  }

  const Options options;
  TlsContext tls;
  int port;
  int listener = -1;
  mutable std::mutex mutex;
  std::condition_variable changed;
  Script script = [](const WebRequest&) { return WebAnswer(); };
  std::vector<WebRequest> all;
  std::vector<int> sockets;
  std::size_t accepted = 0;
  std::size_t era = 0;  ///< counts the times that all connections were dropped
  std::size_t answering = 0;
  std::size_t at_once = 0;
  std::list<std::jthread> serving;
  std::jthread accepting;
};

WebService::WebService(const Options& options) : state_(std::make_unique<State>(options)) {
  state_->start();
}

WebService::~WebService() {
  state_->stop();
}

int WebService::port() const {
  return state_->port;
}

std::string WebService::origin() const {
  return (state_->tls ? "https" : "http") + std::string("://127.0.0.1:") + std::to_string(port());
}

void WebService::answer(WebAnswer always) {
  answer([always](const WebRequest&) { return always; });
}

void WebService::answer(Script script) {
  const std::lock_guard lock(state_->mutex);
  state_->script = std::move(script);
}

std::vector<WebRequest> WebService::requests() const {
  const std::lock_guard lock(state_->mutex);
  return state_->all;
}

std::size_t WebService::count() const {
  const std::lock_guard lock(state_->mutex);
  return state_->all.size();
}

void WebService::forget() {
  const std::lock_guard lock(state_->mutex);
  state_->all.clear();
}

std::size_t WebService::connections() const {
  const std::lock_guard lock(state_->mutex);
  return state_->accepted;
}

std::size_t WebService::most_at_once() const {
  const std::lock_guard lock(state_->mutex);
  return state_->at_once;
}

void WebService::stop() {
  state_->stop();
}

void WebService::start() {
  state_->start();
}

void WebService::drop_connections() {
  state_->drop();
}

}  // namespace sluice::test
