#include "sinks/webhook/web_services.hpp"

#include "config/addresses/url_origin.hpp"

namespace sluice::sinks {

sinks::http::EndpointConfig endpoint_config(const WebhookPlan::Service& service) {
  std::string_view rest;
  sinks::http::EndpointConfig config;
  config.origin = config::parse_origin(service.origin, rest);
  config.ca_file = service.ca_file;
  config.cert_file = service.cert_file;
  config.key_file = service.key_file;
  config.concurrency = static_cast<std::size_t>(service.concurrency);
  config.connect_timeout = std::chrono::milliseconds(service.connect_timeout_ms);
  config.request_timeout = std::chrono::milliseconds(service.timeout_ms);
  config.breaker = {service.breaker_failures, std::chrono::milliseconds(service.breaker_open_ms),
                    std::chrono::milliseconds(service.breaker_most_open_ms)};
  return config;
}

std::string origin_of(const WebhookPlan::Service& stated) {
  std::string_view rest;
  return config::parse_origin(stated.origin, rest).text();
}

std::variant<std::shared_ptr<WebService>, Error> WebServices::get(const WebhookPlan::Service& stated) {
  const std::lock_guard lock(mutex_);
  std::erase_if(known_, [](const auto& one) { return one.second.expired(); });
  for (const auto& [known, service] : known_) {
    auto held = service.lock();
    if (held && known == stated) return held;
  }
  auto opened = sinks::http::Endpoint::open(endpoint_config(stated));
  if (auto* error = std::get_if<Error>(&opened)) return std::move(*error);
  auto made = std::make_shared<WebService>();
  made->endpoint = std::move(std::get<std::unique_ptr<sinks::http::Endpoint>>(opened));
  known_.emplace_back(stated, made);
  return made;
}

}  // namespace sluice::sinks
