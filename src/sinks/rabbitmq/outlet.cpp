#include "sinks/rabbitmq/outlet.hpp"

#include <algorithm>

#include "sinks/rabbitmq/attempt.hpp"

namespace sluice::sinks {

namespace {

/// Lanes that ask for a connection within this time after a failure get the same error.
constexpr auto between_connections = std::chrono::milliseconds(200);

}  // namespace

RabbitMq::RabbitMq(const OutletParts& parts)
    : config_(parts.config.rabbitmq),
      say_(parts.say),
      plans_(plans_of<RabbitPlan>(parts)),
      late_(parts.late) {}

RabbitMq::Lane& RabbitMq::lane_of(const std::string& name) {
  const std::lock_guard lock(mutex_);
  return lanes_[name];
}

std::variant<std::shared_ptr<rabbitmq::Connection>, Error> RabbitMq::connection() {
  const std::lock_guard lock(mutex_);
  if (abandoned_) return abandoned_error(where());
  if (connection_ && !connection_->closed()) return connection_;
  if (unreachable_ && flow::Clock::now() < connect_again_) return *unreachable_;
  connection_.reset();
  declared_.clear();
  auto opened = rabbitmq::Connection::open(config_, abandoned_, next_host_++);
  unreachable_.reset();
  if (const auto* error = std::get_if<Error>(&opened)) {
    unreachable_ = *error;
    connect_again_ = flow::Clock::now() + between_connections;
  } else {
    connection_ = std::get<std::shared_ptr<rabbitmq::Connection>>(opened);
  }
  return opened;
}

std::optional<Error> RabbitMq::ensure_channel(Lane& lane) {
  if (lane.channel && !lane.channel->closed()) return std::nullopt;
  lane.channel.reset();
  auto connected = connection();
  if (auto* error = std::get_if<Error>(&connected)) return std::move(*error);
  auto opened = rabbitmq::Channel::open(std::get<std::shared_ptr<rabbitmq::Connection>>(connected),
                                        std::chrono::milliseconds(config_.ack_ms));
  if (auto* error = std::get_if<Error>(&opened)) return std::move(*error);
  lane.channel = std::move(std::get<std::unique_ptr<rabbitmq::Channel>>(opened));
  lane.published = 0;
  return std::nullopt;
}

/// Declares the exchange if the rule says so.
std::optional<Error> RabbitMq::ensure_exchange(rabbitmq::Channel& channel, const RabbitPlan& plan,
                                               const std::string& exchange) {
  if (plan.declare.empty() || exchange.empty()) return std::nullopt;
  {
    const std::lock_guard lock(mutex_);
    if (declared_.contains(exchange)) return std::nullopt;
  }
  if (auto error = channel.declare({.exchange = exchange, .type = plan.declare},
                                   std::chrono::milliseconds(config_.ack_ms))) {
    error->message =
        "exchange '" + exchange + "' cannot be declared as " + plan.declare + ": " + error->message;
    return error;
  }
  const std::lock_guard lock(mutex_);
  declared_.insert(exchange);
  return std::nullopt;
}

/// Exchanges are declared again before the next flight: one may have been deleted.
void RabbitMq::forget_exchanges() {
  const std::lock_guard lock(mutex_);
  declared_.clear();
}

std::optional<Error> RabbitMq::prepare() {
  Lane lane;
  if (auto error = ensure_channel(lane)) return error;
  for (const RabbitPlan* plan : plans_) {
    for (const std::string& exchange : plan->exchanges) {
      if (auto error = ensure_exchange(*lane.channel, *plan, exchange)) return error;
    }
  }
  return std::nullopt;
}

std::size_t RabbitMq::bytes_while_sending(const Batch& batch) const {
  std::size_t all = 0;
  std::size_t largest = 0;
  for (const Write& write : batch.writes) {
    if (!Outlet::takes(write)) continue;
    const std::size_t bytes = bytes_of(write);
    all += bytes;
    largest = std::max(largest, bytes);
  }
  return copies_while_sending * std::min(all, largest + rabbitmq::Connection::most_unsent);
}

Outcome RabbitMq::send(const Batch& batch) {
  Outcome outcome = Attempt(*this, lane_of(batch.guard.lane_id), batch).run();
  // An operator can correct the error while the worker runs, so the worker retries.
  if (outcome.error && outcome.error->kind == ErrorKind::fatal) outcome.error->kind = ErrorKind::unavailable;
  return outcome;
}

}  // namespace sluice::sinks
