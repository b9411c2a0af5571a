#pragma once

#include <optional>
#include <string>

#include "core/webhook_plan.hpp"
#include "sinks/webhook/endpoint.hpp"

namespace sluice::sinks {

/// How often a message's request failed, by kind.
struct FailedAttempts {
  int network = 0;
  int timeout = 0;
  int status_5xx = 0;
  int throttled = 0;
};

/// What an answer means to a message.
struct Fate {
  WebhookPlan::Verdict verdict = WebhookPlan::Verdict::retry;
  /// With retry: what counts the attempt, and how many there may be; none where they are not counted.
  int FailedAttempts::*counter = nullptr;
  std::optional<int> most;
};

/// Of a request that was sent.
Fate fate_of(const WebhookPlan& plan, const sinks::webhook::Answer& answer);

/// What happened, for people.
std::string text_of(const WebhookPlan& plan, std::string_view verb, const sinks::webhook::Answer& answer);

}  // namespace sluice::sinks
