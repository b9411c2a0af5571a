#include "sinks/http/endpoint.hpp"

#include "sinks/http/connection_pool.hpp"

namespace sluice::sinks::http {

Endpoint::Endpoint(std::unique_ptr<Pool> pool) : pool_(std::move(pool)) {}
Endpoint::~Endpoint() = default;

std::variant<std::unique_ptr<Endpoint>, Error> Endpoint::open(EndpointConfig config) {
  auto pool = std::make_unique<Pool>(std::move(config));
  if (auto error = pool->start()) return *error;
  return std::unique_ptr<Endpoint>(new Endpoint(std::move(pool)));  // NOLINT: its maker is private
}

Unsent Endpoint::send(std::span<const Request> requests, std::span<Answer> answers, const Judge& judge,
                      flow::Time deadline, const std::stop_token& stop) {
  return pool_->send(requests, answers, judge, deadline, stop);
}

std::optional<Error> Endpoint::try_connection() {
  return pool_->try_connection();
}

flow::CircuitBreaker::State Endpoint::breaker() const {
  return pool_->breaker();
}

const EndpointConfig& Endpoint::config() const {
  return pool_->config;
}

}  // namespace sluice::sinks::http
