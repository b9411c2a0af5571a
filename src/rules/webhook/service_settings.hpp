#pragma once

#include <string>

#include "core/webhook_plan.hpp"
#include "rules/webhook/request_settings.hpp"
#include "sluice/settings.hpp"

/// Reads from a webhook rule's settings how its service is called. All functions throw ConfigError, with the
/// setting's place, for invalid settings.
namespace sluice::rules {

/// Reads limits, time-outs, TLS files and `breaker`. `origin`: scheme, host and port.
WebhookPlan::Service read_webhook_service(const Settings& settings, std::string origin);

/// Reads `retry`: how often a request is retried, and what each status means.
void read_webhook_retry(const Settings& settings, WebhookPlan& plan);

/// Reads `batch: {size: N}`. How long a batch waits for more messages is set by the rule's `linger_ms`.
void read_webhook_batch(const Settings& settings, const RequestBody& body, WebhookPlan& plan);

/// Reads `secret`, `secret_file` or `secret_env`: the source of the secret for signatures.
void read_webhook_secret(const Settings& settings, WebhookPlan& plan);

}  // namespace sluice::rules
