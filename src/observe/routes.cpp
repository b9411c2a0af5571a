#include "observe/http.hpp"
#include "observe/metrics.hpp"
#include "observe/readiness.hpp"

namespace sluice::observe {

HttpServer::Routes observe_routes(const Metrics& metrics, const Readiness& readiness) {
  HttpServer::Routes routes;
  // That the thread got as far as answering is all that liveness says: a worker that waits for its server or
  // its lease is alive, and a restart would mend nothing.
  routes["/healthz"] = [] { return HttpReply{200, "application/json", R"({"status":"UP"})"}; };
  routes["/readyz"] = [&readiness] {
    // The body decides: asking for state and text apart could answer with halves of two different moments.
    std::string body = readiness.json();
    const bool ready = body == R"({"status":"READY"})";
    return HttpReply{ready ? 200U : 503U, "application/json", std::move(body)};
  };
  routes["/metrics"] = [&metrics] {
    return HttpReply{200, "text/plain; version=0.0.4; charset=utf-8", metrics.render()};
  };
  return routes;
}

}  // namespace sluice::observe
