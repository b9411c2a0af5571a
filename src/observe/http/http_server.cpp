#include "observe/http/http_server.hpp"

#if defined(__SANITIZE_ADDRESS__)
// With AddressSanitizer, GCC 12 gives false warnings: it does not see that Beast sets its limits, or that the
// functions which allocate and free Asio's coroutine frames match. Without the sanitizer it gives neither
// warning.
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif

#include <utility>  // Boost 1.74's awaitable.hpp uses std::exchange without including it

#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <list>
#include <optional>
#include <string_view>
#include <thread>
#include <tuple>

#include "async/spawn.hpp"
#include "sluice/error.hpp"

namespace sluice::observe {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;

using Request = http::request<http::string_body>;

constexpr std::size_t first_bytes = 1024;  // the first read of a request takes up to this many

constexpr std::string_view kPlain = "text/plain; charset=utf-8";

HttpReply plain(http::status status, const std::string& text) {
  return {static_cast<unsigned>(status), std::string(kPlain), text + "\n"};
}

/// The reply to a request that could not be read. Absent if the connection failed or the peer closed it.
std::optional<HttpReply> reply_to_bad_request(const error_code& error) {
  if (error == http::error::header_limit) {
    return plain(http::status::request_header_fields_too_large, "the request's header is too large");
  }
  if (error == http::error::body_limit) {
    return plain(http::status::payload_too_large, "the request's body is too large");
  }
  const bool our_peers_fault = error.category() == make_error_code(http::error::bad_method).category();
  if (our_peers_fault && error != http::error::end_of_stream && error != http::error::partial_message) {
    return plain(http::status::bad_request, "this is not an HTTP request");
  }
  return std::nullopt;
}

std::string why_not_listening(const std::string& host, std::uint16_t port, const error_code& error) {
  std::string text = "the HTTP server cannot listen on " + host + ":" + std::to_string(port) + ": ";
  if (error == asio::error::address_in_use) {
    return text + "the port is taken; choose another with --http-port, SLUICE_HTTP_PORT or http.port";
  }
  if (error == asio::error::access_denied) {
    return text + "this user may not listen there; choose a port from 1024 up";
  }
  return text + error.message() + "; check --http-host (SLUICE_HTTP_HOST, http.host)";
}

}  // namespace

class HttpServer::Impl {
 public:
  Impl(const std::string& host, std::uint16_t port, Routes routes, HttpLimits limits)
      : io_(1), acceptor_(io_), pause_(io_), routes_(std::move(routes)), limits_(limits) {
    listen(host, port);
    start_accepting();
    // An exception ends only the connection in which it was thrown; the server goes on answering probes.
    thread_ = std::thread([this] { async::run(io_, [](const std::exception_ptr&) {}); });
  }

  ~Impl() {
    // Closing ends each coroutine through its error path; when all have ended, run() returns by itself.
    asio::post(io_, [this] {
      stopping_ = true;
      error_code ignored;
      acceptor_.close(ignored);
      pause_.cancel();
      for (const Peer& peer : peers_) peer.stream->close();
    });
    thread_.join();
  }

  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  std::uint16_t port() const { return port_; }

 private:
  using Time = std::chrono::steady_clock::time_point;

  struct Peer {
    beast::tcp_stream* stream;
    bool replying = false;                          ///< it is being sent a reply
    bool gives_way = false;                         ///< it was closed to make room, and is about to end
    Time since = std::chrono::steady_clock::now();  ///< when its present state began

    void begins(bool reply) {
      replying = reply;
      since = std::chrono::steady_clock::now();
    }
  };

  /// Keeps a connection in the list for as long as it is served. Only the server's thread touches the list.
  class Registered {
   public:
    Registered(std::list<Peer>& all, beast::tcp_stream& stream)
        : all_(all), place_(all.insert(all.end(), Peer{&stream})) {}
    ~Registered() { all_.erase(place_); }
    Registered(const Registered&) = delete;
    Registered& operator=(const Registered&) = delete;
    Peer& peer() const { return *place_; }

   private:
    std::list<Peer>& all_;
    std::list<Peer>::iterator place_;
  };

  void listen(const std::string& host, std::uint16_t port) {
    error_code error;
    const auto found = tcp::resolver(io_).resolve(host, std::to_string(port), tcp::resolver::passive, error);
    if (!error) listen(found.begin()->endpoint(), error);
    if (error) throw Stop(exit_code::cannot_start, why_not_listening(host, port, error));
    port_ = acceptor_.local_endpoint().port();
  }

  void listen(const tcp::endpoint& endpoint, error_code& error) {
    acceptor_.open(endpoint.protocol(), error);
    // A worker that is started again must not wait for the old one's connections to time out.
    if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
  }

  void start_accepting() {
    async::spawn(io_.get_executor(), accept(), [this](const std::exception_ptr&) {
      if (!stopping_) start_accepting();  // for example, no memory for a connection
    });
  }

  asio::awaitable<void> accept() {
    while (!stopping_) {
      error_code error;
      tcp::socket socket = co_await acceptor_.async_accept(asio::redirect_error(asio::use_awaitable, error));
      if (error) {
        // For example, no file descriptors are left. Without a pause, this loop would spin.
        if (error == asio::error::no_descriptors) make_room();
        if (!stopping_) co_await pause();
        continue;
      }
      if (served() >= limits_.connections) make_room();
      // An exception ends only this connection.
      async::spawn(io_.get_executor(), serve(beast::tcp_stream(std::move(socket))),
                   [](const std::exception_ptr&) {});
    }
  }

  std::size_t served() const {
    return static_cast<std::size_t>(
        std::ranges::count_if(peers_, [](const Peer& peer) { return !peer.gives_way; }));
  }

  /// Closes the connection that has awaited a request longest or, if all are being sent replies, the one
  /// whose reply has taken longest.
  void make_room() {
    const auto rank = [](const Peer& peer) { return std::tuple(peer.gives_way, peer.replying, peer.since); };
    const auto oldest = std::ranges::min_element(peers_, {}, rank);
    if (oldest == peers_.end() || oldest->gives_way) return;
    oldest->gives_way = true;
    oldest->stream->close();
  }

  asio::awaitable<void> pause() {
    error_code ignored;
    pause_.expires_after(std::chrono::milliseconds(100));
    co_await pause_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }

  asio::awaitable<void> serve(beast::tcp_stream stream) {
    const Registered registered(peers_, stream);
    beast::flat_buffer buffer(limits_.header_bytes + limits_.body_bytes);
    bool open = !stopping_;
    while (open) open = co_await serve_one(registered.peer(), stream, buffer);
    registered.peer().begins(false);
    co_await linger(stream);
  }

  /// Reads on for a moment, within limits, before the socket is closed. Otherwise the kernel would reset a
  /// connection that has unread bytes, and the peer might lose the reply.
  asio::awaitable<void> linger(beast::tcp_stream& stream) {
    error_code error;
    stream.socket().shutdown(tcp::socket::shutdown_send, error);
    stream.expires_after(std::chrono::seconds(1));
    std::array<char, 4096> unread;
    for (int reads = 0; !error && reads < 64; ++reads) {
      co_await stream.async_read_some(asio::buffer(unread), asio::redirect_error(asio::use_awaitable, error));
    }
  }

  /// Serves one request. Returns whether the connection may be used again.
  asio::awaitable<bool> serve_one(Peer& peer, beast::tcp_stream& stream, beast::flat_buffer& buffer) {
    http::request_parser<http::string_body> parser;
    parser.header_limit(static_cast<std::uint32_t>(limits_.header_bytes));
    parser.body_limit(limits_.body_bytes);
    error_code error;
    peer.begins(false);
    if (buffer.size() == 0) {
      stream.expires_after(limits_.idle);
      const std::size_t size = co_await stream.async_read_some(
          buffer.prepare(first_bytes), asio::redirect_error(asio::use_awaitable, error));
      if (error) co_return false;
      buffer.commit(size);
      peer.begins(false);
    }
    stream.expires_after(limits_.request);
    co_await http::async_read(stream, buffer, parser, asio::redirect_error(asio::use_awaitable, error));
    if (error) {
      const auto reply = reply_to_bad_request(error);
      if (reply) co_await write(stream, Request(), *reply, false);
      co_return false;
    }
    const Request request = parser.release();
    const bool keep = request.keep_alive() && !stopping_;
    peer.begins(true);
    co_return co_await write(stream, request, answer(request), keep);
  }

  HttpReply answer(const Request& request) const {
    const std::string_view target(request.target().data(), request.target().size());
    const auto route = routes_.find(target.substr(0, target.find('?')));
    if (route == routes_.end()) return plain(http::status::not_found, "no such page");
    if (request.method() != http::verb::get && request.method() != http::verb::head) {
      return plain(http::status::method_not_allowed, "only GET and HEAD are allowed");
    }
    try {
      return route->second();
    } catch (const std::exception& error) {
      return plain(http::status::internal_server_error, error.what());
    }
  }

  asio::awaitable<bool> write(beast::tcp_stream& stream, const Request& request, HttpReply reply, bool keep) {
    http::response<http::string_body> response;
    response.version(11);
    response.result(reply.status);
    response.set(http::field::content_type, reply.content_type);
    response.set(http::field::cache_control, "no-store");
    if (response.result() == http::status::method_not_allowed) response.set(http::field::allow, "GET, HEAD");
    response.keep_alive(keep);
    response.content_length(reply.body.size());
    // HEAD gets the same header as GET, including the length, but no body.
    if (request.method() != http::verb::head) response.body() = std::move(reply.body);
    error_code error;
    stream.expires_after(limits_.write);
    http::response_serializer<http::string_body> serializer(response);
    co_await http::async_write(stream, serializer, asio::redirect_error(asio::use_awaitable, error));
    co_return !error && keep;
  }

  asio::io_context io_;
  tcp::acceptor acceptor_;
  asio::steady_timer pause_;
  Routes routes_;
  HttpLimits limits_;
  std::list<Peer> peers_;
  bool stopping_ = false;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

HttpServer::HttpServer(const std::string& host, std::uint16_t port, Routes routes, HttpLimits limits)
    : impl_(std::make_unique<Impl>(host, port, std::move(routes), limits)) {}

HttpServer::~HttpServer() = default;

std::uint16_t HttpServer::port() const {
  return impl_->port();
}

}  // namespace sluice::observe
