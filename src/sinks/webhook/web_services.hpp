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

/// A web service that is called.
struct WebService {
  std::unique_ptr<sinks::webhook::Endpoint> endpoint;
  std::mutex mutex;
  std::string last_failure;  ///< what the breaker opened for
};

/// The web services of the process: whichever rules, streams and partitions call one in the same way share
/// its connections, its limit and its breaker. One that nobody calls any more is let go. Thread-safe.
class WebServices {
 public:
  /// ErrorKind::fatal for certificates that cannot be used. Connects to nobody yet.
  std::variant<std::shared_ptr<WebService>, Error> get(const WebhookPlan::Service& stated);

 private:
  std::mutex mutex_;
  std::vector<std::pair<WebhookPlan::Service, std::weak_ptr<WebService>>> known_;
};

sinks::webhook::EndpointConfig endpoint_config(const WebhookPlan::Service& stated);

/// Its name in messages and metrics.
std::string origin_of(const WebhookPlan::Service& stated);

}  // namespace sluice::sinks
