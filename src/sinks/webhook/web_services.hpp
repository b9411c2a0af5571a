#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/webhook_plan.hpp"
#include "sinks/webhook/endpoint.hpp"

namespace sluice::sinks {

/// The state of a web service.
struct WebService {
  std::unique_ptr<sinks::webhook::Endpoint> endpoint;
  std::mutex mutex;
  std::string last_failure;  ///< the failure that opened the circuit breaker
};

/// The web services of the process. Rules, streams and partitions that call a service with the same settings
/// share its connections, its limit and its circuit breaker. A service that is no longer used is closed.
/// Thread-safe.
class WebServices {
 public:
  /// Returns ErrorKind::fatal if the certificates cannot be used. Does not connect yet.
  std::variant<std::shared_ptr<WebService>, Error> get(const WebhookPlan::Service& stated);

 private:
  std::mutex mutex_;
  std::vector<std::pair<WebhookPlan::Service, std::weak_ptr<WebService>>> known_;
};

sinks::webhook::EndpointConfig endpoint_config(const WebhookPlan::Service& stated);

/// The service's name in messages and metrics.
std::string origin_of(const WebhookPlan::Service& stated);

}  // namespace sluice::sinks
