#include "sinks/aws/outlet.hpp"

#include <algorithm>

#include "config/addresses/url_origin.hpp"
#include "sinks/aws/attempt.hpp"

namespace sluice::sinks {

Aws::Aws(const OutletParts& parts)
    : config_(parts.config.aws), say_(parts.say), plans_(plans_of<AwsPlan>(parts)), targets_(config_) {}

std::string Aws::server_of(const DeliveryPlan& plan) const {
  std::string_view rest;
  return config::parse_origin(aws::endpoint_url(config_, static_cast<const AwsPlan&>(plan).service), rest)
      .text();
}

Aws::Lane& Aws::lane_of(const std::string& name) {
  const std::lock_guard lock(mutex_);
  return lanes_[name];
}

/// Looks whether the targets exist that are known in advance.
std::optional<Error> Aws::prepare() {
  for (const AwsPlan* plan : plans_) {
    if (auto error = look_at(*plan)) return error;
  }
  return std::nullopt;
}

std::optional<Error> Aws::look_at(const AwsPlan& plan) {
  if (plan.service == AwsPlan::Service::event_bridge)
    say_(false, "EventBridge keeps no order: subscribers may get the changes of a document in another order");
  auto client = targets_.client(plan.service);
  if (auto* error = std::get_if<Error>(&client)) return std::move(*error);
  for (const std::string& target : plan.targets) {
    bool unsure = false;
    if (auto error = targets_.look(*std::get<aws::Client*>(client), target, unsure, stop_.get_token()))
      return error;
  }
  return std::nullopt;
}

std::size_t Aws::bytes_while_sending(const Batch& batch) const {
  std::size_t all = 0;
  std::size_t largest = 0;
  for (const Write& write : batch.writes) {
    if (!Outlet::takes(write)) continue;
    const std::size_t bytes = sinks::bytes_of(write);
    all += bytes;
    largest = std::max(largest, bytes);
  }
  constexpr aws::RequestLimits limits;
  // The last request of a wave may be a large message, or many that together have a request's limit.
  const std::size_t last = std::max(largest, std::min(limits.entries * largest, limits.bytes));
  return all + Attempt::copies_of_a_wave * std::min(all, last + Attempt::most_wave);
}

Outcome Aws::send(const Batch& batch) {
  Outcome outcome = Attempt(*this, lane_of(batch.guard.lane_id), batch).run();
  // An operator can correct the error while the worker runs, so the worker retries.
  if (outcome.error && outcome.error->kind == ErrorKind::fatal) outcome.error->kind = ErrorKind::unavailable;
  return outcome;
}

}  // namespace sluice::sinks
