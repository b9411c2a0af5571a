#include "rules/webhook/service_settings.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "config/names.hpp"

namespace sluice::rules {

namespace {

void read_breaker(const Settings& settings, WebhookPlan::Service& service) {
  if (!settings.has("breaker")) return;
  const Settings breaker = settings.section("breaker");
  service.breaker_failures = static_cast<int>(breaker.integer_or("failures", 5, 1, 1'000'000));
  service.breaker_open_ms = breaker.integer_or("open_ms", 1'000, 1, 3'600'000);
  service.breaker_most_open_ms =
      breaker.integer_or("most_open_ms", std::max<long long>(30'000, service.breaker_open_ms), 1, 3'600'000);
  breaker.done();
  if (service.breaker_most_open_ms < service.breaker_open_ms) {
    breaker.fail("most_open_ms", "'most_open_ms' cannot be less than 'open_ms'");
  }
}

std::optional<int> read_attempts(const Settings& retry, std::string_view key) {
  constexpr long long most = 1'000'000;
  if (!retry.has(key)) return std::nullopt;
  const std::string wanted = "forever or a whole number from 1 to " + std::to_string(most);
  const std::string stated = retry.scalar(key, wanted);
  if (stated == "forever") return std::nullopt;
  const auto number = config::whole_number(stated);
  if (!number || *number < 1 || *number > most) {
    retry.fail(key, "'" + std::string(key) + "' must be " + wanted + ", not '" + stated + "'");
  }
  return static_cast<int>(*number);
}

void read_statuses(const Settings& retry, WebhookPlan& plan) {
  if (!retry.has("status")) return;
  const Settings statuses = retry.section("status");
  for (const std::string& key : statuses.keys()) {
    unsigned status = 0;
    const auto read = std::from_chars(key.data(), key.data() + key.size(), status);
    const bool number = read.ec == std::errc{} && read.ptr == key.data() + key.size();
    if (!number || status < 200 || status > 599) {
      statuses.fail(key, "'" + key + "' is not the status of an answer (200 to 599)");
    }
    const std::string verdict = statuses.choice(key, {"done", "retry", "dead"}, "retry");
    plan.statuses[status] = verdict == "done"    ? WebhookPlan::Verdict::done
                            : verdict == "retry" ? WebhookPlan::Verdict::retry
                                                 : WebhookPlan::Verdict::dead;
  }
}

}  // namespace

WebhookPlan::Service read_webhook_service(const Settings& settings, std::string origin) {
  WebhookPlan::Service service;
  service.origin = std::move(origin);
  service.concurrency = static_cast<int>(settings.integer_or("concurrency", 16, 1, 1'024));
  service.timeout_ms = settings.integer_or("timeout_ms", 10'000, 1, 600'000);
  service.connect_timeout_ms = settings.integer_or("connect_timeout_ms", 5'000, 1, 600'000);
  const bool tls = service.origin.starts_with("https://");
  for (const auto& [key, file] : {std::pair{"ca_file", &service.ca_file},
                                  {"cert_file", &service.cert_file},
                                  {"key_file", &service.key_file}}) {
    if (!settings.has(key)) continue;
    *file = settings.text(key);
    if (!tls) settings.fail(key, std::string("'") + key + "' is for TLS, but 'url' begins with http://");
  }
  if (!service.key_file.empty() && service.cert_file.empty()) {
    settings.fail("key_file", "'key_file' belongs to a certificate; set 'cert_file' too");
  }
  read_breaker(settings, service);
  return service;
}

void read_webhook_retry(const Settings& settings, WebhookPlan& plan) {
  if (!settings.has("retry")) return;
  const Settings retry = settings.section("retry");
  plan.attempts.network = read_attempts(retry, "network");
  plan.attempts.timeout = read_attempts(retry, "timeout");
  plan.attempts.status_5xx = read_attempts(retry, "status_5xx");
  plan.attempts.throttled = read_attempts(retry, "throttled");
  read_statuses(retry, plan);
  retry.done();
}

void read_webhook_batch(const Settings& settings, const RequestBody& body, WebhookPlan& plan) {
  if (!settings.has("batch")) return;
  const Settings batch = settings.section("batch");
  plan.together = static_cast<int>(batch.integer_or("size", 100, 1, 10'000));
  batch.done();
  const bool json = body.content_type.find("json") != std::string::npos;
  if (!json || (!body.payload && !body.text && !body.made)) {
    settings.fail("batch",
                  "a batch is a JSON list of the requests' bodies, but the bodies of this rule are not JSON");
  }
}

void read_webhook_secret(const Settings& settings, WebhookPlan& plan) {
  int stated = 0;
  for (const auto& [key, value] : {std::pair{"secret", &plan.secret},
                                   {"secret_file", &plan.secret_file},
                                   {"secret_env", &plan.secret_env}}) {
    if (!settings.has(key)) continue;
    *value = value == &plan.secret ? settings.scalar(key) : settings.text(key);
    if (value->empty()) settings.fail(key, std::string("'") + key + "' is empty");
    if (++stated > 1) settings.fail(key, "set only one of 'secret', 'secret_file' and 'secret_env'");
  }
}

}  // namespace sluice::rules
