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
  /// With one more, the connection that has waited longest gives way: see HttpServer.
  std::size_t connections = 64;
  std::size_t header_bytes = 8 * 1024;
  std::size_t body_bytes = 4 * 1024;         ///< no route reads a body; a small one is let pass
  std::chrono::milliseconds idle{30'000};    ///< for a request to begin
  std::chrono::milliseconds request{5'000};  ///< for the whole of a request that has begun
  std::chrono::milliseconds write{10'000};   ///< for the peer to take the whole reply
};

/// A small HTTP/1.1 server for GET and HEAD, with keep-alive, on a thread and an io_context of its own:
/// however busy the strands are, a probe is answered. A new connection is always served. Beyond the limit the
/// connection whose request has been awaited for longest is closed, whether it is idle or slow; where all are
/// being sent replies, the one that has been at it for longest. Handlers run on the server's thread, one at a
/// time. The destructor closes every connection and joins the thread.
class HttpServer {
 public:
  using Handler = std::function<HttpReply()>;
  using Routes = std::map<std::string, Handler, std::less<>>;

  /// Listens when it returns. Port 0 takes any free port. Throws Stop (could not start) with a sentence when
  /// the address is taken or none of this machine's.
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
