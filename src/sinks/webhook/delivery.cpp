#include "sinks/webhook/delivery.hpp"

#include <algorithm>
#include <utility>

namespace sluice::sinks {

namespace {

using Verdict = WebhookPlan::Verdict;
using Milliseconds = std::chrono::milliseconds;

/// After this time a batch returns unfinished and is sent again with the rest. So a stop, or a lane that
/// moves to another worker, does not wait longer for a slow service.
constexpr auto most_batch = std::chrono::seconds(5);
constexpr auto most_retry_after = std::chrono::hours(1);
constexpr std::size_t most_remembered = 16'384;    // messages; more than any batch has
constexpr std::size_t lane_keeps_bytes = 1 << 20;  // a larger buffer is freed after its batch

http::Judgement judgement_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::done:
      return http::Judgement::done;
    case Verdict::dead:
      return http::Judgement::refused;
    case Verdict::retry:
      break;
  }
  return http::Judgement::retry;
}

}  // namespace

Webhook::Delivery::Delivery(Webhook& outlet, Lane& lane, const Batch& batch)
    : outlet_(outlet),
      lane_(lane),
      batch_(batch),
      writer_(batch, lane.texts, lane.requests),
      deadline_(flow::Clock::now() + most_batch) {}

Outcome Webhook::Delivery::run() {
  const std::vector<std::size_t> missing = lane_.delivered.missing_of(batch_, outlet_);
  if (!lane_.refused.report(batch_, missing, outcome_)) {
    for (auto& [plan, indices] : by_plan(missing)) send_all(*plan, indices);
  }
  outcome_.committed = !outcome_.error;
  outcome_.documents = done_.size();
  lane_.delivered.remember(batch_, outlet_, done_, outcome_.committed);
  if (lane_.texts.capacity() > lane_keeps_bytes) std::string().swap(lane_.texts);
  return std::move(outcome_);
}

std::map<const WebhookPlan*, Webhook::Delivery::Indices> Webhook::Delivery::by_plan(
    const Indices& missing) const {
  std::map<const WebhookPlan*, Indices> plans;
  for (const std::size_t i : missing) plans[&webhook_plan_of(delivery(batch_, i))].push_back(i);
  return plans;
}

void Webhook::Delivery::send_all(const WebhookPlan& plan, const Indices& indices) {
  for (const Round& round : rounds_of(plan, indices)) {
    if (outcome_.error) return;
    if (flow::Clock::now() >= deadline_) {
      outcome_.error = Error{ErrorKind::too_slow, 0,
                             plan.service.origin + " is slow: " + std::to_string(done_.size()) +
                                 " changes were sent so far; the rest follows"};
      return;
    }
    send_round(plan, round);
  }
}

/// With one message for each request there is only one round, because the endpoint keeps the order.
std::vector<Webhook::Delivery::Round> Webhook::Delivery::rounds_of(const WebhookPlan& plan,
                                                                   const Indices& indices) const {
  std::vector<Round> rounds;
  if (plan.together == 1) {
    for (const std::size_t i : indices) (rounds.empty() ? rounds.emplace_back() : rounds[0]).push_back({i});
    return rounds;
  }
  std::vector<flow::Parcelled> messages;
  for (const std::size_t i : indices) {
    const DeliverWrite& write = delivery(batch_, i);
    messages.push_back({write.key, write.message->group, lane_.alone.contains(MessageKey::view(write))});
  }
  rounds = flow::RequestBatcher::arrange(messages, static_cast<std::size_t>(plan.together));
  for (auto& round : rounds) {
    for (auto& parcel : round) std::ranges::for_each(parcel, [&](std::size_t& i) { i = indices[i]; });
  }
  return rounds;
}

void Webhook::Delivery::send_round(const WebhookPlan& plan, const Round& round) {
  const Target& target = outlet_.targets_.at(&plan);
  WebService& service = *target.service;
  if (auto unwritable = writer_.compose(plan, target.secret, round)) {
    return lane_.refused.add(batch_, unwritable->index, std::move(unwritable->error), outcome_);
  }
  lane_.answers.assign(round.size(), {});
  const auto judge = [&](std::size_t, const http::Answer& answer) {
    return judgement_of(fate_of(plan, answer).verdict);
  };
  const http::Unsent unsent =
      service.endpoint->send(lane_.requests, lane_.answers, judge, deadline_, outlet_.stop_.get_token());
  RequestReport report;
  for (std::size_t i = 0; i < round.size(); ++i) settle(service, round[i], lane_.answers[i], report);
  say_unsent(service, unsent, report);
  if (outcome_.error && outcome_.outlet.empty()) outcome_.outlet = origin_of(plan.service);
  const std::string origin = service.endpoint->config().origin.text();
  report.endpoint = origin;
  report.open = service.endpoint->breaker() != flow::CircuitBreaker::State::closed;
  outlet_.report_(report);
}

void Webhook::Delivery::settle(WebService& service, const Parcel& parcel, const http::Answer& answer,
                               RequestReport& report) {
  if (answer.kind == http::Answer::Kind::unsent) return;
  report.seconds.push_back(std::chrono::duration<double>(answer.took).count());
  const DeliverWrite& write = delivery(batch_, parcel.front());
  const Fate fate = fate_of(webhook_plan_of(write), answer);
  if (fate.verdict == Verdict::done) {
    ++report.ok;
    for (const std::size_t i : parcel) done(i);
    return;
  }
  const Error error{ErrorKind::unavailable, static_cast<std::int32_t>(answer.status),
                    text_of(webhook_plan_of(write), write.message->verb, answer)};
  if (fate.verdict == Verdict::retry) {
    const std::lock_guard lock(service.mutex);
    service.last_failure = error.message;
  } else if (parcel.size() > 1) {
    ++report.retried;
    take_apart(parcel, error);
    return;
  }
  bool refused = false;
  for (const std::size_t i : parcel) refused |= fail(i, fate, error);
  ++(refused ? report.refused : report.retried);
  const bool asked = answer.status == 429 || answer.status == 503;
  if (asked && answer.retry_after) wait(std::min<flow::Duration>(*answer.retry_after, most_retry_after));
}

void Webhook::Delivery::done(std::size_t i) {
  done_.push_back(i);
  const DeliverWrite& write = delivery(batch_, i);
  forget_attempts(write);
  if (lane_.alone.empty()) return;
  const auto found = lane_.alone.find(MessageKey::view(write));
  if (found != lane_.alone.end()) lane_.alone.erase(found);
}

/// Handles a message's failed request. Returns true if the message is given up, false if it is retried.
bool Webhook::Delivery::fail(std::size_t i, const Fate& fate, Error error) {
  const DeliverWrite& write = delivery(batch_, i);
  if (fate.verdict == Verdict::dead || used_up(write, fate, error)) {
    forget_attempts(write);
    error.kind = ErrorKind::own_fault;
    lane_.refused.add(batch_, i, std::move(error), outcome_);
    return true;
  }
  if (!outcome_.error) outcome_.error = std::move(error);
  return false;
}

/// A request with several messages was refused. Each message is sent alone from now on, to find out which is
/// at fault.
void Webhook::Delivery::take_apart(const Parcel& parcel, const Error& error) {
  if (lane_.alone.size() >= most_remembered) lane_.alone.clear();
  for (const std::size_t i : parcel) lane_.alone.emplace(delivery(batch_, i));
  if (outcome_.error) return;
  outcome_.error = error;
  outcome_.error->kind = ErrorKind::transient;
  outcome_.error->message += " (a batch of " + std::to_string(parcel.size()) + "; each is sent alone now)";
}

bool Webhook::Delivery::used_up(const DeliverWrite& write, const Fate& fate, Error& error) {
  if (!fate.most) return false;
  if (lane_.attempts.size() >= most_remembered) lane_.attempts.clear();
  const int attempts = ++(lane_.attempts[MessageKey(write)].*fate.counter);
  error.message += " (attempt " + std::to_string(attempts) + " of " + std::to_string(*fate.most) + ")";
  return attempts >= *fate.most;
}

void Webhook::Delivery::forget_attempts(const DeliverWrite& write) {
  if (lane_.attempts.empty()) return;
  const auto found = lane_.attempts.find(MessageKey::view(write));
  if (found != lane_.attempts.end()) lane_.attempts.erase(found);
}

void Webhook::Delivery::wait(flow::Duration time) {
  const auto asked = std::chrono::ceil<Milliseconds>(std::max(time, flow::Duration::zero()));
  outcome_.retry_in = std::max(outcome_.retry_in.value_or(Milliseconds(0)), asked);
}

void Webhook::Delivery::say_unsent(WebService& service, const http::Unsent& unsent,
                                   const RequestReport& report) {
  const std::string origin = service.endpoint->config().origin.text();
  if (unsent.abandoned) {
    const auto unanswered = [](const http::Answer& answer) {
      return answer.kind == http::Answer::Kind::unsent;
    };
    const bool any = std::ranges::any_of(lane_.answers, unanswered);
    if (any && !outcome_.error) outcome_.error = abandoned_error(origin);
    return;
  }
  if (unsent.not_before) {
    const auto rest = *unsent.not_before - flow::Clock::now();
    wait(rest);
    if (outcome_.error) {
      outcome_.error->message += "; nothing is sent for a while";
      return;
    }
    const std::lock_guard lock(service.mutex);
    outcome_.error =
        Error{ErrorKind::unavailable, 0, origin + ": nothing is sent for a while; " + service.last_failure};
  } else if (unsent.late && !outcome_.error) {
    outcome_.error =
        Error{ErrorKind::too_slow, 0,
              origin + " is slow: " + std::to_string(report.ok) + " of " +
                  std::to_string(lane_.requests.size()) + " requests were answered so far; the rest follows"};
  }
}

}  // namespace sluice::sinks
