#pragma once

#include <optional>
#include <string>

#include "core/webhook_plan.hpp"
#include "sinks/webhook/endpoint.hpp"

namespace sluice::sinks {

/// How often a message's request failed, by kind of failure.
struct FailedAttempts {
  int network = 0;
  int timeout = 0;
  int status_5xx = 0;
  int throttled = 0;
};

/// What an answer means for a message.
struct Fate {
  WebhookPlan::Verdict verdict = WebhookPlan::Verdict::retry;
  /// With retry: which counter counts the attempt, and its limit; absent if attempts are not counted.
  int FailedAttempts::*counter = nullptr;
  std::optional<int> most;
};

/// The fate of a message by the answer to its request.
Fate fate_of(const WebhookPlan& plan, const sinks::webhook::Answer& answer);

/// A description of the answer for messages.
std::string text_of(const WebhookPlan& plan, std::string_view verb, const sinks::webhook::Answer& answer);

}  // namespace sluice::sinks
