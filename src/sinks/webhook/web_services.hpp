#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/webhook_plan.hpp"
#include "sinks/http/endpoint.hpp"

namespace sluice::sinks {

/// A web service, as its users share it.
struct WebService {
  std::unique_ptr<sinks::http::Endpoint> endpoint;
  std::mutex mutex;          ///< protects last_failure
  std::string last_failure;  ///< the last failure's text, reported while the breaker is open
};

/// The web services of the process. Rules, streams and partitions that call a service with the same settings
/// share its connections, its limit and its circuit breaker. A service is destroyed with its last user.
/// Thread-safe.
class WebServices {
 public:
  /// Returns the service, which is created if necessary. Returns ErrorKind::fatal for unusable certificates.
  /// Does not connect yet.
  std::variant<std::shared_ptr<WebService>, Error> get(const WebhookPlan::Service& stated);

 private:
  std::mutex mutex_;
  std::vector<std::pair<WebhookPlan::Service, std::weak_ptr<WebService>>> known_;
};

sinks::http::EndpointConfig endpoint_config(const WebhookPlan::Service& stated);

/// The service's name in messages and metrics.
std::string origin_of(const WebhookPlan::Service& stated);

}  // namespace sluice::sinks
