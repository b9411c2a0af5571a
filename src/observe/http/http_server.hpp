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
  /// At the limit, the connection that has waited longest is closed: see HttpServer.
  std::size_t connections = 64;
  std::size_t header_bytes = 8 * 1024;
  std::size_t body_bytes = 4 * 1024;         ///< no route reads a body; a small one is accepted
  std::chrono::milliseconds idle{30'000};    ///< until a request begins
  std::chrono::milliseconds request{5'000};  ///< to receive a whole request
  std::chrono::milliseconds write{10'000};   ///< to send a whole reply
};

/// A small HTTP/1.1 server for GET and HEAD with keep-alive. It has its own thread and io_context, so probes
/// are answered however busy the strands are. A new connection is always served. At the limit, the connection
/// that has waited longest for its request is closed, whether idle or slow; if all are being sent replies,
/// the one that has taken longest. Handlers run on the server's thread, one at a time. The destructor closes
/// all connections and joins the thread.
class HttpServer {
 public:
  using Handler = std::function<HttpReply()>;
  using Routes = std::map<std::string, Handler, std::less<>>;

  /// Listens when it returns. Port 0 takes any free port. Throws Stop (could not start) with a message if the
  /// address is in use or does not belong to this machine.
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
