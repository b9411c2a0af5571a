#pragma once

#include <string>

#include "core/webhook_plan.hpp"
#include "rules/webhook/request_settings.hpp"
#include "sluice/settings.hpp"

/// The settings of a webhook rule that describe how its service is called. All functions throw ConfigError,
/// with the setting's place, for invalid settings.
namespace sluice::rules {

/// Limits, time-outs, TLS files and `breaker`. `origin`: scheme, host and port.
WebhookPlan::Service read_webhook_service(const Settings& settings, std::string origin);

/// `retry`: how often a request is repeated, and what each status means.
void read_webhook_retry(const Settings& settings, WebhookPlan& plan);

/// `batch: {size: N}`. How long a batch is filled is the rule's `linger_ms`.
void read_webhook_batch(const Settings& settings, const RequestBody& body, WebhookPlan& plan);

/// `secret`, `secret_file` or `secret_env`: the source of the secret for signatures.
void read_webhook_secret(const Settings& settings, WebhookPlan& plan);

}  // namespace sluice::rules
