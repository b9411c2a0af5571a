#include "sinks/webhook/fate.hpp"

#include "config/mask.hpp"

namespace sluice::sinks {

namespace {

using Kind = sinks::http::Answer::Kind;
using Verdict = WebhookPlan::Verdict;

Fate retried(int FailedAttempts::*counter, std::optional<int> most) {
  return {Verdict::retry, counter, most};
}

}  // namespace

Fate fate_of(const WebhookPlan& plan, const sinks::http::Answer& answer) {
  const WebhookPlan::Attempts& most = plan.attempts;
  if (answer.kind == Kind::broken) return retried(&FailedAttempts::network, most.network);
  if (answer.kind != Kind::answered) return retried(&FailedAttempts::timeout, most.timeout);
  const auto stated = plan.statuses.find(answer.status);
  const bool to_be_retried = stated != plan.statuses.end() && stated->second == Verdict::retry;
  if (stated != plan.statuses.end() && !to_be_retried) return {stated->second, nullptr, std::nullopt};
  switch (answer.status) {
    case 408:
      return retried(&FailedAttempts::timeout, most.timeout);
    case 425:
    case 429:
    case 503:
      return retried(&FailedAttempts::throttled, most.throttled);
    default:
      break;
  }
  if (answer.status >= 500) return retried(&FailedAttempts::status_5xx, most.status_5xx);
  const int kind = static_cast<int>(answer.status / 100);
  if (to_be_retried || kind == 3) return {};
  return {kind == 2 ? Verdict::done : Verdict::dead, nullptr, std::nullopt};
}

std::string text_of(const WebhookPlan& plan, std::string_view verb, const sinks::http::Answer& answer) {
  const std::string what = plan.service.origin + ", " + std::string(verb) + ": ";
  if (answer.kind != Kind::answered) return what + answer.text;
  std::string text = what + "answered " + std::to_string(answer.status);
  if (answer.status / 100 == 3) {
    if (answer.location.empty()) {
      text += ", which redirects; redirects are not followed: put the new address in 'url'";
    } else {
      text += ", which redirects to " + config::mask_address(answer.location) +
              "; redirects are not followed: put the new address in 'url'";
    }
  }
  if (answer.status == 401 || answer.status == 403) text += " (is the rule's Authorization right?)";
  return answer.text.empty() ? text : text + ": " + answer.text;
}

}  // namespace sluice::sinks
