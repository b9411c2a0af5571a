#include "sinks/webhook/outlet.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <sstream>
#include <utility>

#include "flow/request_batcher.hpp"
#include "sinks/payload.hpp"
#include "sinks/webhook/signature.hpp"
#include "sluice/settings.hpp"

namespace sluice::sinks {

namespace {

using Verdict = WebhookPlan::Verdict;
using Milliseconds = std::chrono::milliseconds;

constexpr std::int32_t payload_impossible = 2;
/// A batch that is not through by then comes again with what is left of it: a stop, or a lane that has to go
/// elsewhere, waits no longer for a slow service.
constexpr auto most_batch = std::chrono::seconds(5);
constexpr auto most_retry_after = std::chrono::hours(1);
constexpr std::size_t most_remembered = 16'384;  // messages; more than any batch has
constexpr std::size_t keep_bytes = 1 << 20;  // of a lane's memory for requests, from one batch to the next

std::string read_secret(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  std::string secret = text.str();
  while (secret.ends_with('\n') || secret.ends_with('\r')) secret.pop_back();
  if (!in || secret.empty()) {
    throw ConfigError(file +
                      ": cannot be read, or is empty; it should contain the secret that a webhook's requests "
                      "are signed with");
  }
  return secret;
}

sinks::webhook::Judgement judgement_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::done:
      return sinks::webhook::Judgement::done;
    case Verdict::dead:
      return sinks::webhook::Judgement::refused;
    case Verdict::retry:
      break;
  }
  return sinks::webhook::Judgement::retry;
}

const DeliverWrite& delivery(const Batch& batch, std::size_t i) {
  return std::get<DeliverWrite>(batch.writes[i]);
}

const WebhookPlan& plan_of(const DeliverWrite& write) {
  return static_cast<const WebhookPlan&>(*write.plan);
}

/// An id is one line of text.
void append_quoted(std::string& out, std::string_view id) {
  for (const char c : id) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
}

/// Empty for none. Throws ConfigError where it is not where it should be.
std::string secret_of(const WebhookPlan& plan) {
  if (!plan.secret_file.empty()) return read_secret(plan.secret_file);
  if (plan.secret_env.empty()) return plan.secret;
  const char* value = std::getenv(plan.secret_env.c_str());
  if (value == nullptr || *value == '\0') {
    throw ConfigError(
        "the variable " + plan.secret_env +
        ", which should contain the secret that a webhook's requests are signed with, is not set");
  }
  return value;
}

}  // namespace

std::optional<Error> try_service(const WebhookPlan& plan) {
  try {
    secret_of(plan);
  } catch (const ConfigError& error) {
    return Error{ErrorKind::fatal, 0, error.what()};
  }
  auto opened = sinks::webhook::Endpoint::open(endpoint_config(plan.service));
  if (auto* error = std::get_if<Error>(&opened)) return std::move(*error);
  return std::get<std::unique_ptr<sinks::webhook::Endpoint>>(opened)->try_connection();
}

/// One batch's way to its services.
class Webhook::Sending {
 public:
  Sending(Webhook& outlet, Lane& lane, const Batch& batch) : outlet_(outlet), lane_(lane), batch_(batch) {}

  Outcome run() {
    const std::vector<std::size_t> missing = lane_.delivered.missing_of(batch_, outlet_);
    if (!knows_refused(missing)) {
      for (auto& [plan, indices] : by_plan(missing)) send_all(*plan, indices);
    }
    outcome_.committed = !outcome_.error;
    outcome_.documents = done_.size();
    lane_.delivered.remember(batch_, outlet_, done_, outcome_.committed);
    if (lane_.texts.capacity() > keep_bytes) std::string().swap(lane_.texts);
    return std::move(outcome_);
  }

 private:
  using Indices = std::vector<std::size_t>;

  /// One that was refused before is not asked again: its dead letter comes first.
  bool knows_refused(const Indices& missing) {
    if (lane_.refused.empty()) return false;
    for (const std::size_t i : missing) {
      const auto found = lane_.refused.find(MessageKey::view(delivery(batch_, i)));
      if (found == lane_.refused.end()) continue;
      outcome_.error = std::move(found->second);
      outcome_.failed_write = i;
      lane_.refused.erase(found);
      return true;
    }
    return false;
  }

  std::map<const WebhookPlan*, Indices> by_plan(const Indices& missing) const {
    std::map<const WebhookPlan*, Indices> plans;
    for (const std::size_t i : missing) plans[&plan_of(delivery(batch_, i))].push_back(i);
    return plans;
  }

  void send_all(const WebhookPlan& plan, const Indices& indices) {
    for (const flow::RequestBatcher::Round& round : rounds_of(plan, indices)) {
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

  /// The endpoint itself keeps the order of requests that hold one message each.
  std::vector<flow::RequestBatcher::Round> rounds_of(const WebhookPlan& plan, const Indices& indices) const {
    std::vector<flow::RequestBatcher::Round> rounds;
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

  void send_round(const WebhookPlan& plan, const flow::RequestBatcher::Round& round) {
    const Target& target = outlet_.targets_.at(&plan);
    WebService& service = *target.service;
    if (!compose(plan, target.secret, round)) return;
    lane_.answers.assign(round.size(), {});
    const auto judge = [&](std::size_t, const sinks::webhook::Answer& answer) {
      return judgement_of(fate_of(plan, answer).verdict);
    };
    const sinks::webhook::Unsent unsent =
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

  // The requests

  /// Texts move as more are added: where they lie is known when all are there.
  struct Place {
    std::size_t headers;
    std::size_t body;
    std::size_t end;
  };

  /// False when one of them can never be sent.
  bool compose(const WebhookPlan& plan, const std::string& secret, const flow::RequestBatcher::Round& round) {
    std::string& texts = lane_.texts;
    texts.clear();
    std::vector<Place> places;
    places.reserve(round.size());
    for (const flow::RequestBatcher::Parcel& parcel : round) {
      const auto body = plan.together == 1 ? body_of(plan, parcel.front()) : list_of(plan, parcel);
      if (!body) return false;
      places.push_back(append(plan, secret, parcel, *body));
    }
    lane_.requests.clear();
    const std::string_view all = texts;
    for (std::size_t n = 0; n < round.size(); ++n) {
      const DeliverWrite& write = delivery(batch_, round[n].front());
      const Place& place = places[n];
      lane_.requests.push_back({write.message->verb, write.message->address,
                                all.substr(place.headers, place.body - place.headers),
                                all.substr(place.body, place.end - place.body), write.key});
    }
    return true;
  }

  std::optional<std::string_view> body_of(const WebhookPlan& plan, std::size_t i) {
    const Message& message = *delivery(batch_, i).message;
    auto failure = bson::JsonFailure::none;
    const auto body = message.payload ? payload_of(message, plan.format, json_, &failure) : message.text;
    if (!body) {
      refuse(i, {ErrorKind::own_fault, payload_impossible,
                 std::string(bson::reason_of(failure)) +
                     "; exclude that part with the rule's 'redact' or 'project'"});
    }
    return body;
  }

  /// Each with the id that tells whether it came before.
  std::optional<std::string_view> list_of(const WebhookPlan& plan,
                                          const flow::RequestBatcher::Parcel& parcel) {
    list_ = "[";
    for (const std::size_t i : parcel) {
      const auto body = body_of(plan, i);
      if (!body) return std::nullopt;
      list_ += list_.size() > 1 ? ",{\"id\":\"" : "{\"id\":\"";
      append_quoted(list_, delivery(batch_, i).message->id);
      list_.append("\",\"body\":").append(*body) += '}';
    }
    list_ += ']';
    return list_;
  }

  Place append(const WebhookPlan& plan, const std::string& secret, const flow::RequestBatcher::Parcel& parcel,
               std::string_view body) {
    std::string& texts = lane_.texts;
    Place place{texts.size(), 0, 0};
    const std::string_view headers = delivery(batch_, parcel.front()).message->headers;
    if (plan.together == 1) {
      texts.append(headers);
    } else {
      // The first line is the message's own key.
      texts.append("Idempotency-Key: ").append(key_of(parcel)).append(headers.substr(headers.find('\n')));
    }
    if (!secret.empty()) {
      texts.append("\nSluice-Signature: ").append(sinks::webhook::sign(secret, std::time(nullptr), body));
    }
    place.body = texts.size();
    texts.append(body);
    place.end = texts.size();
    return place;
  }

  /// The same for the same messages in the same order.
  std::string key_of(const flow::RequestBatcher::Parcel& parcel) const {
    std::uint64_t hash = parcel.size();
    for (const std::size_t i : parcel) hash = bson::stable_hash(delivery(batch_, i).message->id, hash);
    return fmt::format("{:016x}-{}", hash, parcel.size());
  }

  // The answers

  void settle(WebService& service, const flow::RequestBatcher::Parcel& parcel,
              const sinks::webhook::Answer& answer, RequestReport& report) {
    if (answer.kind == sinks::webhook::Answer::Kind::unsent) return;
    report.seconds.push_back(std::chrono::duration<double>(answer.took).count());
    const DeliverWrite& write = delivery(batch_, parcel.front());
    const Fate fate = fate_of(plan_of(write), answer);
    if (fate.verdict == Verdict::done) {
      ++report.ok;
      for (const std::size_t i : parcel) done(i);
      return;
    }
    const Error error{ErrorKind::unavailable, static_cast<std::int32_t>(answer.status),
                      text_of(plan_of(write), write.message->verb, answer)};
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

  void done(std::size_t i) {
    done_.push_back(i);
    const DeliverWrite& write = delivery(batch_, i);
    forget_attempts(write);
    if (lane_.alone.empty()) return;
    const auto found = lane_.alone.find(MessageKey::view(write));
    if (found != lane_.alone.end()) lane_.alone.erase(found);
  }

  /// Whether it is given up.
  bool fail(std::size_t i, const Fate& fate, Error error) {
    const DeliverWrite& write = delivery(batch_, i);
    if (fate.verdict == Verdict::dead || used_up(write, fate, error)) {
      forget_attempts(write);
      error.kind = ErrorKind::own_fault;
      refuse(i, std::move(error));
      return true;
    }
    if (!outcome_.error) outcome_.error = std::move(error);
    return false;
  }

  /// One of them is refused, and which one shows when each goes by itself.
  void take_apart(const flow::RequestBatcher::Parcel& parcel, const Error& error) {
    if (lane_.alone.size() >= most_remembered) lane_.alone.clear();
    for (const std::size_t i : parcel) lane_.alone.emplace(delivery(batch_, i));
    if (outcome_.error) return;
    outcome_.error = error;
    outcome_.error->kind = ErrorKind::transient;
    outcome_.error->message += " (a batch of " + std::to_string(parcel.size()) + "; each is sent alone now)";
  }

  /// One is told of at a time; the others are remembered until it is their turn.
  void refuse(std::size_t i, Error error) {
    if (outcome_.error && outcome_.error->kind == ErrorKind::own_fault) {
      if (lane_.refused.size() >= most_remembered) lane_.refused.clear();
      lane_.refused.insert_or_assign(MessageKey(delivery(batch_, i)), std::move(error));
      return;
    }
    outcome_.error = std::move(error);
    outcome_.failed_write = i;
  }

  bool used_up(const DeliverWrite& write, const Fate& fate, Error& error) {
    if (!fate.most) return false;
    if (lane_.attempts.size() >= most_remembered) lane_.attempts.clear();
    const int attempts = ++(lane_.attempts[MessageKey(write)].*fate.counter);
    error.message += " (attempt " + std::to_string(attempts) + " of " + std::to_string(*fate.most) + ")";
    return attempts >= *fate.most;
  }

  void forget_attempts(const DeliverWrite& write) {
    if (lane_.attempts.empty()) return;
    const auto found = lane_.attempts.find(MessageKey::view(write));
    if (found != lane_.attempts.end()) lane_.attempts.erase(found);
  }

  void wait(flow::Duration time) {
    const auto asked = std::chrono::ceil<Milliseconds>(std::max(time, flow::Duration::zero()));
    outcome_.retry_in = std::max(outcome_.retry_in.value_or(Milliseconds(0)), asked);
  }

  void say_unsent(WebService& service, const sinks::webhook::Unsent& unsent, const RequestReport& report) {
    const std::string origin = service.endpoint->config().origin.text();
    if (unsent.abandoned) {
      const auto unanswered = [](const sinks::webhook::Answer& answer) {
        return answer.kind == sinks::webhook::Answer::Kind::unsent;
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
      outcome_.error = Error{ErrorKind::too_slow, 0,
                             origin + " is slow: " + std::to_string(report.ok) + " of " +
                                 std::to_string(lane_.requests.size()) +
                                 " requests were answered so far; the rest follows"};
    }
  }

  Webhook& outlet_;
  Lane& lane_;
  const Batch& batch_;
  const flow::Time deadline_ = flow::Clock::now() + most_batch;
  Outcome outcome_;
  Indices done_;
  std::string json_;
  std::string list_;
};

Webhook::Webhook(const OutletParts& parts)
    : report_(parts.requests),
      services_(parts.services ? parts.services : std::make_shared<WebServices>()),
      plans_(plans_of<WebhookPlan>(parts)) {}

std::optional<Error> Webhook::open_all() {
  for (const WebhookPlan* plan : plans_) {
    Target target;
    try {
      target.secret = secret_of(*plan);
    } catch (const ConfigError& error) {
      return Error{ErrorKind::fatal, 0, error.what()};
    }
    auto service = services_->get(plan->service);
    if (auto* error = std::get_if<Error>(&service)) return std::move(*error);
    target.service = std::get<std::shared_ptr<WebService>>(std::move(service));
    targets_[plan] = std::move(target);
  }
  return std::nullopt;
}

std::optional<Error> Webhook::open() {
  const std::lock_guard lock(mutex_);
  if (open_) return std::nullopt;
  targets_.clear();
  if (auto error = open_all()) return error;
  open_ = true;
  return std::nullopt;
}

std::string Webhook::server_of(const DeliveryPlan& plan) const {
  return origin_of(static_cast<const WebhookPlan&>(plan).service);
}

/// A service that is away is no reason not to begin: its stream takes note of what it missed.
std::optional<Error> Webhook::prepare() {
  return open();
}

Webhook::Lane& Webhook::lane_of(const std::string& id) {
  const std::lock_guard lock(mutex_);
  return lanes_[id];
}

void Webhook::abandon() {
  stop_.request_stop();
}

Outcome Webhook::send(const Batch& batch) {
  if (auto error = open()) {
    // While we run, nothing is fatal that an operator can mend without us.
    error->kind = ErrorKind::unavailable;
    Outcome outcome;
    outcome.error = std::move(error);
    return outcome;
  }
  return Sending(*this, lane_of(batch.guard.lane_id), batch).run();
}

}  // namespace sluice::sinks
