#include "sinks/webhook/outlet.hpp"

#include <utility>

#include "sinks/webhook/delivery.hpp"
#include "sinks/webhook/signing_secret.hpp"
#include "sluice/settings.hpp"

namespace sluice::sinks {

std::optional<Error> try_service(const WebhookPlan& plan) {
  try {
    signing_secret_of(plan);
  } catch (const ConfigError& error) {
    return Error{ErrorKind::fatal, 0, error.what()};
  }
  auto opened = http::Endpoint::open(endpoint_config(plan.service));
  if (auto* error = std::get_if<Error>(&opened)) return std::move(*error);
  return std::get<std::unique_ptr<http::Endpoint>>(opened)->try_connection();
}

Webhook::Webhook(const OutletParts& parts)
    : report_(parts.requests),
      services_(parts.services ? parts.services : std::make_shared<WebServices>()),
      plans_(plans_of<WebhookPlan>(parts)) {}

std::optional<Error> Webhook::open_all() {
  for (const WebhookPlan* plan : plans_) {
    Target target;
    try {
      target.secret = signing_secret_of(*plan);
    } catch (const ConfigError& error) {
      return Error{ErrorKind::fatal, 0, error.what()};
    }
    auto service = services_->get(plan->service);
    if (auto* error = std::get_if<Error>(&service)) return std::move(*error);
    target.service = std::get<std::shared_ptr<WebService>>(std::move(service));
    targets_[plan] = std::move(target);
  }
  return std::nullopt;
}

std::optional<Error> Webhook::open() {
  const std::lock_guard lock(mutex_);
  if (open_) return std::nullopt;
  targets_.clear();
  if (auto error = open_all()) return error;
  open_ = true;
  return std::nullopt;
}

std::string Webhook::server_of(const DeliveryPlan& plan) const {
  return origin_of(static_cast<const WebhookPlan&>(plan).service);
}

/// Does not connect: the stream starts even while a service is unreachable, and sends the requests later.
std::optional<Error> Webhook::prepare() {
  return open();
}

Webhook::Lane& Webhook::lane_of(const std::string& id) {
  const std::lock_guard lock(mutex_);
  return lanes_[id];
}

void Webhook::abandon() {
  stop_.request_stop();
}

Outcome Webhook::send(const Batch& batch) {
  if (auto error = open()) {
    // An operator can correct the error while the worker runs, so the worker retries.
    error->kind = ErrorKind::unavailable;
    Outcome outcome;
    outcome.error = std::move(error);
    return outcome;
  }
  return Delivery(*this, lane_of(batch.guard.lane_id), batch).run();
}

}  // namespace sluice::sinks
