#pragma once

#include <optional>
#include <string>

#include "core/webhook_plan.hpp"
#include "sinks/http/endpoint.hpp"

namespace sluice::sinks {

/// How often a message's request failed, by kind of failure.
struct FailedAttempts {
  int network = 0;
  int timeout = 0;
  int status_5xx = 0;
  int throttled = 0;
};

/// What an answer means for its messages.
struct Fate {
  WebhookPlan::Verdict verdict = WebhookPlan::Verdict::retry;
  /// With retry: the counter of this failure, and its limit. Null and absent if attempts are not limited.
  int FailedAttempts::*counter = nullptr;
  std::optional<int> most;
};

/// The fate of a request that was sent.
Fate fate_of(const WebhookPlan& plan, const sinks::http::Answer& answer);

/// The answer in words, for logs and dead letters.
std::string text_of(const WebhookPlan& plan, std::string_view verb, const sinks::http::Answer& answer);

}  // namespace sluice::sinks
