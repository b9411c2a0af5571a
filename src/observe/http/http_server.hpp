#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

namespace sluice::observe {

class Metrics;
class Readiness;

struct HttpReply {
  unsigned status = 200;
  std::string content_type;
  std::string body;
};

struct HttpLimits {
  /// At most this many connections are served; see HttpServer for which one is closed when another comes.
  std::size_t connections = 64;
  std::size_t header_bytes = 8 * 1024;
  std::size_t body_bytes = 4 * 1024;         ///< no route reads a body, but a small one is accepted
  std::chrono::milliseconds idle{30'000};    ///< how long to wait for a request to begin
  std::chrono::milliseconds request{5'000};  ///< how long to wait for the rest of a request that has begun
  std::chrono::milliseconds write{10'000};   ///< how long the peer may take to receive the whole reply
};

/// A small HTTP/1.1 server for GET and HEAD, with keep-alive. It has its own thread and io_context, so that
/// probes are answered however busy the strands are. A new connection is always served. Beyond the limit, the
/// connection whose request has been awaited longest is closed, whether it is idle or slow; if all
/// connections are being sent replies, the one whose reply has taken longest. Handlers run on the server's
/// thread, one at a time. The destructor closes all connections and joins the thread.
class HttpServer {
 public:
  using Handler = std::function<HttpReply()>;
  using Routes = std::map<std::string, Handler, std::less<>>;

  /// Listens when it returns. Port 0 takes any free port. Throws Stop (cannot_start), with a message for the
  /// user, if it cannot listen on the address, for example because the port is taken.
  HttpServer(const std::string& host, std::uint16_t port, Routes routes, HttpLimits limits = {});
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  std::uint16_t port() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

/// /healthz, /readyz and /metrics. Both arguments must outlive the server made with these routes.
HttpServer::Routes observe_routes(const Metrics& metrics, const Readiness& readiness);

}  // namespace sluice::observe
