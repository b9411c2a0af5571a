#include "observe/http/http_server.hpp"
#include "observe/metrics.hpp"
#include "observe/readiness.hpp"

namespace sluice::observe {

HttpServer::Routes observe_routes(const Metrics& metrics, const Readiness& readiness) {
  HttpServer::Routes routes;
  // Liveness only means that this thread answers. A worker that waits for its server or its lease is alive,
  // and restarting it would not help.
  routes["/healthz"] = [] { return HttpReply{200, "application/json", R"({"status":"UP"})"}; };
  routes["/readyz"] = [&readiness] {
    Readiness::Answer answer = readiness.answer();
    return HttpReply{answer.ready ? 200U : 503U, "application/json", std::move(answer.json)};
  };
  routes["/metrics"] = [&metrics] {
    return HttpReply{200, "text/plain; version=0.0.4; charset=utf-8", metrics.render()};
  };
  return routes;
}

}  // namespace sluice::observe
