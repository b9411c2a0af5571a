#pragma once

#include <string>

#include "core/webhook_plan.hpp"
#include "rules/webhook/request_settings.hpp"
#include "sluice/settings.hpp"

/// How a webhook rule's service is called, as its settings state it. All functions throw ConfigError, with
/// the setting's place, for what cannot be meant.
namespace sluice::rules {

/// Limits, time-outs, TLS files and `breaker`. `origin`: scheme, host and port.
WebhookPlan::Service read_webhook_service(const Settings& settings, std::string origin);

/// `retry`: how often a request is tried again, and what each status means.
void read_webhook_retry(const Settings& settings, WebhookPlan& plan);

/// `batch: {size: N}`; how long it is waited for more is the rule's `linger_ms`.
void read_webhook_batch(const Settings& settings, const RequestBody& body, WebhookPlan& plan);

/// `secret`, `secret_file` or `secret_env`: where the secret for signatures is found.
void read_webhook_secret(const Settings& settings, WebhookPlan& plan);

}  // namespace sluice::rules
